#pragma once
#include "gateway/io.hpp"
#include "gateway/server.hpp"
#include "gateway/stream.hpp"
#include "middleware/http.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace codi::gateway {

/// Sends content that is made while it is sent, behind the head of its answer. Its length is not known, so each piece
/// says its own (RFC 9112 section 7.1); in HTTP/1.0 the connection's end is the content's. Used on the connection's
/// thread.
class ContentSender : public std::enable_shared_from_this<ContentSender> {
 public:
  /// `stream` and `options` outlive it.
  ContentSender(Stream& stream, ServerOptions const& options, std::shared_ptr<middleware::Content> content,
                bool in_chunks)
      : stream_(stream),
        options_(options),
        content_(std::move(content)),
        in_chunks_(in_chunks),
        ready_(stream.get_executor()) {}

  /// False when it was cut off, which its reader notices by the missing last chunk. `request_id` is for the log.
  Awaitable<bool> send(std::string request_id);
  /// See Content::drain.
  void drain() { content_->drain(); }

 private:
  Awaitable<middleware::Content::Piece> next();
  Awaitable<bool> write_piece(std::string bytes);
  Awaitable<bool> write_text(std::string_view text);

  Stream& stream_;
  ServerOptions const& options_;
  std::shared_ptr<middleware::Content> content_;
  bool const in_chunks_;
  Timer ready_;  ///< runs out when the next piece takes too long; cancelled by it
  std::optional<middleware::Content::Piece> piece_;
};

}  // namespace codi::gateway
