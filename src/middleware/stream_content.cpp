#include "middleware/stream_content.hpp"

#include <exception>
#include <utility>

namespace codi::middleware {
namespace {

Content::Piece piece_of(api::Stream& stream) {
  try {
    return stream.next();
  } catch (std::exception const& error) {
    return std::unexpected(std::string(error.what()));
  }
}

}  // namespace

void StreamContent::next(std::function<void(Piece)> got) {
  bool const taken = workers_.post([stream = stream_, post = post_, got] {
    post([got, piece = piece_of(*stream)]() mutable { got(std::move(piece)); });
  });
  if (!taken) post_([got] { got(std::unexpected(std::string("too much work is waiting"))); });
}

}  // namespace codi::middleware
