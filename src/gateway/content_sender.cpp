#include "gateway/content_sender.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <utility>

namespace codi::gateway {

Awaitable<bool> ContentSender::send(std::string request_id) {
  for (;;) {
    auto const piece = co_await next();
    if (!piece) {
      if (piece.error().empty()) co_return false;  // the peer is gone
      log::write(log::Level::error, "gateway", "content_cut_off",
                 {{"request_id", request_id}, {"detail", piece.error()}});
      co_return false;
    }
    auto const& bytes = *piece;
    if (!bytes) break;
    if (bytes->empty()) {  // as a chunk it would be the last one; others have their turn
      co_await asio::post(stream_.get_executor(), asio::use_awaitable_t<Executor>());
      continue;
    }
    bool const written = co_await write_piece(*bytes);
    if (!written) co_return false;
  }
  if (!in_chunks_) co_return true;
  co_return co_await write_text("0\r\n\r\n");
}

Awaitable<middleware::Content::Piece> ContentSender::next() {
  piece_.reset();
  stream_.expires_never();
  content_->next([weak = weak_from_this()](middleware::Content::Piece piece) {
    auto const self = weak.lock();
    if (!self) return;
    self->piece_ = std::move(piece);
    self->ready_.cancel();
  });
  while (!piece_) {
    auto const meanwhile = content_->while_waiting();
    if (meanwhile && !meanwhile->empty()) {
      bool const written = co_await write_piece(*meanwhile);
      if (!written) co_return std::unexpected(std::string());
      stream_.expires_never();
    }
    if (piece_) break;
    ready_.expires_after(meanwhile ? limits::kFeedTick : options_.request_time);
    co_await ready_.async_wait(use_tuple);
    if (!piece_ && meanwhile && stream_.peer_has_gone()) co_return std::unexpected(std::string());
    if (!piece_ && !meanwhile) co_return std::unexpected(std::string("the next piece took too long"));
  }
  co_return *std::exchange(piece_, std::nullopt);
}

Awaitable<bool> ContentSender::write_piece(std::string bytes) {
  if (in_chunks_) bytes = fmt::format("{:x}\r\n", bytes.size()) + bytes + "\r\n";
  co_return co_await write_text(bytes);
}

Awaitable<bool> ContentSender::write_text(std::string_view text) {
  stream_.expires_after(options_.body_time);
  auto const [ec, bytes] = co_await asio::async_write(stream_, asio::buffer(text), use_tuple);
  co_return !ec;
}

}  // namespace codi::gateway
