#include "base/limits.hpp"
#include "fuzz/check.hpp"
#include "fuzz/served.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
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

// A feed that nothing is written to but answers.
constexpr std::string_view kTarget = "/v1/projects/web/feed?presence=false&action=NOTHING_HAS_IT";
constexpr std::size_t kMessages = 20;
constexpr unsigned kNotOffered = 501;
constexpr std::array<std::uint16_t, 9> kCodes{1001, 1013, 4400, 4401, 4403, 4404, 4408, 4410};

// One connection: says what the fuzzer says, a line a message, and hears all that the channel says.
class Talk {
 public:
  explicit Talk(bool with_token) {
    HttpRequest request{.method = "GET", .target = std::string(kTarget), .remote_address = "192.0.2.7"};
    for (auto const& [name, value] : {std::pair{"Upgrade", "websocket"},
                                      {"Connection", "Upgrade"},
                                      {"Sec-WebSocket-Version", "13"},
                                      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}})
      request.headers.add(name, value);
    if (with_token) request.headers.add("Authorization", "Bearer " + server().owner);
    auto response = server().answer_to(std::move(request));
    check(response.status == 101 && response.channel, "an upgrade is granted", response.body);
    channel_ = std::move(response.channel);
    listen();
  }

  // False when nothing more is heard.
  bool say(std::string message) {
    bool may_say_more = false;
    channel_->receive(std::move(message), [&may_say_more] { may_say_more = true; });
    ++said_;
    // One that waits, such as a claim, is answered at the end.
    for (int turns = 0; turns < kTurns && !may_say_more && !ended_; ++turns) server().turn();
    if (!may_say_more)
      server().turn_until([&] { return may_say_more || ended_ || said_ - answers_ >= limits::kFeedCommands; });
    return may_say_more && !ended_;
  }

  void finish() {
    channel_->drain();
    server().turn_until([this] { return ended_; });
    check(std::ranges::find(kCodes, code_) != kCodes.end(), "a connection ends with a code that is known",
          std::to_string(code_));
    // Who ends it with a word about why has not asked for that word.
    check(answers_ >= said_ || code_ != 1001, "every message is answered", std::to_string(answers_));
    check(answers_ <= said_ + 1, "no message is answered twice", std::to_string(answers_));
  }

 private:
  static constexpr int kTurns = 50;

  void listen() {
    channel_->next([this](Spoken spoken) {
      if (spoken.text) hear(*spoken.text);
      ended_ = spoken.close_code.has_value();
      code_ = spoken.close_code.value_or(0);
      if (!ended_) server().post()([this] { listen(); });
    });
  }
  void hear(std::string const& text) {
    auto const frame = json::parse(text).as_object();
    auto const& type = frame.at("type").as_string();
    if (type == "caught_up") return;
    ++answers_;
    if (type == "result") {
      auto const status = frame.at("status").to_number<unsigned>();
      return check(status >= 200 && status < 300, "a result is a success", text);
    }
    check(type == "error", "what comes is an answer", text);
    auto const& problem = frame.at("error").as_object();
    auto const status = problem.at("status").to_number<unsigned>();
    check(status >= 400 && (status < 500 || status == kNotOffered || status == 503), "no message brings trouble", text);
    for (auto const* member : {"type", "title", "code", "detail"})
      check(!problem.at(member).as_string().empty(), "a problem says what it is", text);
  }

  std::shared_ptr<Channel> channel_;
  std::size_t said_ = 0;
  std::size_t answers_ = 0;
  bool ended_ = false;
  std::uint16_t code_ = 0;
};

}  // namespace
}  // namespace codi::middleware

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  codi::middleware::server();
  return 0;
}

// A line is a message; OWNER in it is the owner's token. A first line `anonymous` shows no token at the upgrade.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace codi::middleware;
  auto rest = codi::testing::text_of(data, size);
  constexpr std::string_view kAnonymous = "anonymous\n";
  constexpr std::string_view kOwner = "OWNER";
  bool const anonymous = rest.starts_with(kAnonymous);
  if (anonymous) rest.remove_prefix(kAnonymous.size());
  Talk talk(!anonymous);
  for (std::size_t i = 0; i < kMessages && !rest.empty(); ++i) {
    auto const end = std::min(rest.find('\n'), rest.size());
    std::string message(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (auto const at = message.find(kOwner); at != std::string::npos)
      message.replace(at, kOwner.size(), server().owner);
    if (!talk.say(std::move(message))) break;
  }
  talk.finish();
  return 0;
}
