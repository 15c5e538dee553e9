#include "gateway/outbox.hpp"

#include <boost/asio/write.hpp>

namespace codi::gateway {
namespace {

constexpr char kTextFrame = static_cast<char>(0x81);  // FIN and the opcode of text
constexpr std::size_t kShortBytes = 125;
constexpr std::size_t kMediumBytes = 0xFFFF;
constexpr char kMedium = 126;
constexpr char kLong = 127;

void append_big_endian(std::string& out, std::size_t value, int bytes) {
  for (int at = bytes - 1; at >= 0; --at) out += static_cast<char>(value >> (8 * at) & 0xFFU);
}

}  // namespace

void Outbox::add_text(std::string_view text) {
  waiting_ += kTextFrame;
  if (text.size() <= kShortBytes) {
    waiting_ += static_cast<char>(text.size());
  } else if (text.size() <= kMediumBytes) {
    waiting_ += kMedium;
    append_big_endian(waiting_, text.size(), 2);
  } else {
    waiting_ += kLong;
    append_big_endian(waiting_, text.size(), 8);
  }
  waiting_ += text;
}

void Outbox::send(Done done) {
  asked_.push_back(std::move(done));
  if (!is_writing_) write();
}

void Outbox::write() {
  is_writing_ = true;
  on_the_way_ = std::exchange(waiting_, {});
  asked_before_.swap(asked_);
  auto done = [this, alive = owner_.lock()](error_code ec, std::size_t) { written(ec); };
  asio::async_write(stream_, asio::buffer(on_the_way_), std::move(done));
}

void Outbox::written(error_code ec) {
  is_writing_ = false;
  on_the_way_ = {};  // an idle connection keeps none
  auto done = std::exchange(asked_before_, {});
  if (!asked_.empty()) write();
  for (auto& each : done) each(ec);
}

}  // namespace codi::gateway
