#include "cli/http.hpp"

#include "base/build_info.hpp"
#include "base/failure.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace codi::cli {
namespace {

struct Received {
  CURL* curl = nullptr;
  std::function<bool(std::string_view)> const& sink;
  HttpAnswer answer = {};
  bool too_large = false;
  bool sink_full = false;
};

std::size_t take_body(char const* data, std::size_t, std::size_t size, void* user) {
  auto& received = *static_cast<Received*>(user);
  constexpr long kOk = 200;
  long status = 0;
  if (received.sink) curl_easy_getinfo(received.curl, CURLINFO_RESPONSE_CODE, &status);
  if (status == kOk) {
    received.sink_full = !received.sink({data, size});
    return received.sink_full ? 0 : size;
  }
  received.too_large = received.answer.body.size() + size > limits::kClientAnswerBytes;
  if (received.too_large) return 0;
  received.answer.body.append(data, size);
  return size;
}

std::size_t take_header(char const* data, std::size_t, std::size_t size, void* user) {
  constexpr std::string_view kRetryAfter = "retry-after:";
  std::string_view const line(data, size);
  if (to_lower_ascii(line.substr(0, kRetryAfter.size())) != kRetryAfter) return size;
  auto const value = trim(line.substr(kRetryAfter.size()));
  unsigned seconds = 0;
  if (std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc())
    static_cast<Received*>(user)->answer.retry_after_s = seconds;
  return size;
}

HttpTrouble::Kind kind_of(CURLcode code) {
  using enum HttpTrouble::Kind;
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return not_sent;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_WRITE_ERROR: return unusable;
    default: return lost;
  }
}

bool is_loopback(std::string_view url) {
  constexpr std::array<std::string_view, 6> kPrefixes{"http://127.",  "http://localhost",  "http://[::1]",
                                                      "https://127.", "https://localhost", "https://[::1]"};
  for (auto const prefix : kPrefixes)
    if (url.starts_with(prefix)) return true;
  return false;
}

class HeaderList {
 public:
  void add(std::string const& line) {
    auto* const longer = curl_slist_append(list_, line.c_str());
    if (longer == nullptr) throw Failure(ErrorCode::internal, "out of memory");
    list_ = longer;
  }
  HeaderList() = default;
  HeaderList(HeaderList const&) = delete;
  HeaderList& operator=(HeaderList const&) = delete;
  ~HeaderList() { curl_slist_free_all(list_); }
  [[nodiscard]] curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace

struct Http::Handle {
  CURL* curl = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
};

Http::Http() : handle_(std::make_unique<Handle>()) {
  static CURLcode const ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  handle_->curl = curl_easy_init();
  if (ready != CURLE_OK || handle_->curl == nullptr) throw Failure(ErrorCode::internal, "libcurl can't be started");
}

Http::~Http() { curl_easy_cleanup(handle_->curl); }

std::expected<HttpAnswer, HttpTrouble> Http::perform(HttpCall const& call) {
  auto* const curl = handle_->curl;
  curl_easy_reset(curl);
  Received received{.curl = curl, .sink = call.sink};
  HeaderList headers;
  for (auto const& header : call.headers) headers.add(header);
  headers.add("Expect:");
  headers.add(fmt::format("User-Agent: codi/{}", build_info().version));
  curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(limits::kClientConnectTime / std::chrono::milliseconds(1)));
  if (call.sink) {
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(call.time / std::chrono::seconds(1)));
  } else {
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(call.time.count()));
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &received);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->error.data());
  if (is_loopback(call.url)) curl_easy_setopt(curl, CURLOPT_PROXY, "");
  if (call.body) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body->size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body->data());
  }
  handle_->error[0] = '\0';
  auto const code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    if (received.sink_full) return std::unexpected(HttpTrouble{HttpTrouble::Kind::unusable, "what came can't be kept"});
    if (received.too_large)
      return std::unexpected(HttpTrouble{HttpTrouble::Kind::unusable, "the answer is larger than the client takes"});
    char const* const what = handle_->error[0] == '\0' ? curl_easy_strerror(code) : handle_->error.data();
    return std::unexpected(HttpTrouble{kind_of(code), what});
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  received.answer.status = static_cast<unsigned>(status);
  return std::move(received.answer);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    }
  }
  return out;
}

}  // namespace codi::cli
