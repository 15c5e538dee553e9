#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "fuzz/check.hpp"
#include "fuzz/fuzzed_peer.hpp"
#include "fuzz/http_answers.hpp"

#include <fuzzer/FuzzedDataProvider.h>
#include <sys/socket.h>

namespace codi::gateway {
namespace {

using middleware::HttpRequest;
using middleware::HttpResponse;
using testing::check;

// Content of a few pieces, which may be empty, come later, or end in an error.
class Pieces final : public middleware::Content {
 public:
  Pieces(Script& script, middleware::Post post)
      : left_(script.next(3)), later_(script.next(1) == 1), fails_(script.next(3) == 3), post_(std::move(post)) {}

  void next(std::function<void(Piece)> got) override {
    Piece piece = std::nullopt;
    if (left_ > 0)
      piece = std::string(--left_ * 7, 'p');
    else if (fails_)
      piece = std::unexpected("cut off");
    if (!later_) return got(std::move(piece));
    post_([got = std::move(got), piece = std::move(piece)] { got(piece); });
  }
  [[nodiscard]] bool fails() const { return fails_; }

 private:
  std::size_t left_;
  bool later_;
  bool fails_;
  middleware::Post post_;
};

// Answers each request in one of the ways in which a server does, and notes what must come over the wire.
class Recorder final : public middleware::Handler {
 public:
  explicit Recorder(Script& script) : script_(script) {}

  Abandon handle(HttpRequest request, middleware::Post post, Respond respond) override {
    check_request(request);
    auto response = make_response(request, post);
    switch (script_.next(2)) {
      case 0: respond(std::move(response)); break;
      case 1: post([respond, response] { respond(response); }); break;
      default: waiting_.emplace_back([respond, response] { respond(response); }); break;
    }
    return [](Error const&) {};
  }
  HttpResponse reject(Error error, std::string const&) override {
    check(error.status.value_or(0) >= 400 && !error.detail.empty(), "a rejection has a status", error.detail);
    check(!rejected_, "nothing is read after a rejection");
    rejected_ = true;
    return {.status = error.status.value_or(0), .body = std::move(error.detail)};
  }
  void on_connection(middleware::ConnectionEvent) override {}

  // Gives the answers that were held back; false when there are none.
  bool go_on() {
    auto const waiting = std::exchange(waiting_, {});
    for (auto const& answer : waiting) answer();
    return !waiting.empty();
  }
  [[nodiscard]] std::vector<testing::Expected> expected() const {
    auto out = expected_;
    if (rejected_) out.push_back({.rejection = true});
    return out;
  }

 private:
  static void check_request(HttpRequest const& request) {
    check(!request.method.empty(), "a request has a method");
    check(!request.target.empty() && request.target.size() <= limits::kUrlBytes, "a target is within its limit");
    for (char const c : request.target)
      check(c != ' ' && static_cast<unsigned char>(c) >= 0x20, "a target is one word", request.target);
    check(request.headers.size() <= limits::kHeaderCount, "headers are within their limit");
    for (auto const& [name, value] : request.headers) {
      check(!name.empty() && name.find_first_of(" \t\r\n:") == std::string::npos, "a field's name is a token", name);
      check(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a field is one line", value);
    }
    check(request.body.size() <= limits::kBodyBytes, "a body is within its limit");
    if (auto const coding = request.headers.joined("Transfer-Encoding"))
      check(to_lower_ascii(*coding) == "chunked" && request.headers.count("Content-Length") == 0,
            "a body's length is said in one way", *coding);
    if (auto const length = request.headers.find("Content-Length"); length && !request.refused)
      check(std::to_string(request.body.size()) == without_zeros(*length), "a body is as long as it says", *length);
  }
  static std::string without_zeros(std::string_view number) {
    auto const digit = number.find_first_not_of('0');
    return digit == std::string_view::npos ? "0" : std::string(number.substr(digit));
  }

  HttpResponse make_response(HttpRequest const& request, middleware::Post const& post) {
    HttpResponse out{.headers = {{"X-Echo", request.target}}, .body = request.method + ' ' + request.body};
    testing::Expected expected{.headless = request.method == "HEAD"};
    if (auto const shape = script_.next(7); shape == 0) {
      out.status = 204;
      out.body.clear();
    } else if (shape == 1) {
      out.close = true;
    } else if (shape == 2) {
      auto const pieces = std::make_shared<Pieces>(script_, post);
      expected.may_be_cut = pieces->fails();
      out.body.clear();
      out.content = pieces;
    }
    expected.status = out.status;
    expected_.push_back(expected);
    return out;
  }

  Script& script_;
  std::vector<std::function<void()>> waiting_;
  std::vector<testing::Expected> expected_;
  bool rejected_ = false;
};

class Connection final : public FuzzedPeer<Recorder> {
 public:
  explicit Connection(Script& script) : FuzzedPeer(script, {}) {}

  void finish() {
    shut(SHUT_WR);
    testing::check_answers(received_, handler_.expected());
  }
  // The peer is gone without a word, perhaps amid an answer.
  void vanish() { shut(SHUT_RDWR); }

 private:
  void between_pieces() override {
    if (script_.next(30) == 30) drain();
  }
};

}  // namespace
}  // namespace codi::gateway

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  codi::log::capture([](std::string_view) {});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  codi::gateway::Script script(in);
  auto const bytes = in.ConsumeRemainingBytesAsString();
  codi::gateway::Connection connection(script);
  connection.send(bytes);
  if (script.next(9) == 9)
    connection.vanish();
  else
    connection.finish();
  return 0;
}
