#include "base/redact.hpp"
#include "base/text.hpp"
#include "fuzz/check.hpp"
#include "fuzz/served.hpp"
#include "mcp/protocol.hpp"

#include <boost/json/parse.hpp>

#include <memory>
#include <string_view>

namespace codi::middleware {
namespace {

using testing::check;
using testing::FuzzedServer;

FuzzedServer& server() {
  static FuzzedServer one;
  return one;
}

constexpr unsigned kNotOffered = 501;
constexpr int kPieces = 3;  // of a stream, which may have no end

// The first line is the method and name that the header repeats, and the revision; the rest is the body.
HttpRequest request_of(std::string_view input) {
  auto const end = std::min(input.find('\n'), input.size());
  auto const words = split(input.substr(0, end), ' ');
  HttpRequest out{.method = "POST", .target = "/mcp", .remote_address = "192.0.2.7"};
  out.headers.add("Authorization", "Bearer " + server().owner);
  out.headers.add("Content-Type", "application/json");
  out.headers.add("Accept", "application/json, text/event-stream");
  constexpr std::array<std::string_view, 3> kNames{"MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"};
  for (std::size_t i = 0; i < std::min(words.size(), kNames.size()); ++i)
    if (!words[i].empty()) out.headers.add(std::string(kNames.at(i)), std::string(words[i]));
  out.body = input.substr(std::min(end + 1, input.size()));
  return out;
}

// JSON-RPC 2.0, section 5.
void check_message(std::string_view text, bool is_answer) {
  check(is_valid_utf8(text), "a message is UTF-8", text);
  auto const message = json::parse(json::string_view(text.data(), text.size())).as_object();
  if (message.contains("jsonrpc")) check(message.at("jsonrpc") == "2.0", "a message says its version", text);
  if (is_answer && message.contains("jsonrpc"))
    check(message.contains("result") != message.contains("error"), "an answer is a result or an error", text);
  if (auto const* error = message.if_contains("error"); error && error->is_object()) {
    check(error->at("code").is_int64(), "an error has a code", text);
    check(!error->at("message").as_string().empty(), "an error says what is wrong", text);
  }
  check(!holds_own_token(text), "no token comes out", text);
}

void check_stream(Content& content) {
  for (int i = 0; i < kPieces; ++i) {
    std::optional<Content::Piece> piece;
    bool waits = true;
    content.next([&](Content::Piece got) { piece = std::move(got); });
    for (int turns = 0; turns < 50 && waits; ++turns) {
      server().turn();
      waits = !piece.has_value();
    }
    if (waits) {
      content.drain();
      server().turn_until([&] { return piece.has_value(); });
    }
    check(piece->has_value(), "a stream is not cut off");
    if (!**piece) return;
    for (auto const line : split(***piece, '\n'))
      if (line.starts_with("data: ")) check_message(line.substr(6), false);
  }
  content.drain();
}

void check_answer(HttpResponse const& response) {
  check(response.status < 500 || response.status == kNotOffered || response.status == 503,
        "no message brings the server into trouble", response.body);
  if (response.content) return check_stream(*response.content);
  if (!response.body.empty()) check_message(response.body, true);
}

}  // namespace
}  // namespace codi::middleware

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  codi::middleware::server();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace codi::middleware;
  check_answer(server().answer_to(request_of(codi::testing::text_of(data, size))));
  return 0;
}
