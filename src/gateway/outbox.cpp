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
  auto asked = asked_.lock();
  if (asked) return asked->of_the_next.push_back(std::move(done));
  asked = std::make_shared<Asked>();
  asked_ = asked;
  asked->of_the_next.push_back(std::move(done));
  write(std::move(asked));
}

void Outbox::write(std::shared_ptr<Asked> asked) {
  on_the_way_ = std::exchange(waiting_, {});
  asked->of_this_write.swap(asked->of_the_next);
  auto done = [this, alive = owner_.lock(), asked = std::move(asked)](error_code ec, std::size_t) mutable {
    written(ec, std::move(asked));
  };
  asio::async_write(stream_, asio::buffer(on_the_way_), std::move(done));
}

void Outbox::written(error_code ec, std::shared_ptr<Asked> asked) {
  std::string().swap(on_the_way_);  // an idle connection keeps no memory for it, as an assignment would
  auto done = std::exchange(asked->of_this_write, {});
  if (asked->of_the_next.empty())
    asked.reset();
  else
    write(std::move(asked));
  for (auto& each : done) each(ec);
}

}  // namespace codi::gateway
