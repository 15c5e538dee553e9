#include "cli/http.hpp"

#include "base/build_info.hpp"
#include "base/failure.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "cli/http_look.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace codi::cli {
namespace {

struct Received {
  CURL* curl = nullptr;
  std::function<bool(std::string_view)> const& sink;
  HttpAnswer answer = {};
  std::optional<Timestamp> date = {};
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

int ask_on(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<std::function<bool()> const*>(user))() ? 0 : 1;
}

// Of a time in the words of HTTP or of OpenSSL.
std::optional<Timestamp> time_of(std::string const& text) {
  auto const seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return Timestamp{static_cast<std::int64_t>(seconds) * 1'000};
}

std::size_t take_header(char const* data, std::size_t, std::size_t size, void* user) {
  constexpr std::string_view kRetryAfter = "retry-after:";
  constexpr std::string_view kDate = "date:";
  std::string_view const line(data, size);
  if (to_lower_ascii(line.substr(0, kDate.size())) == kDate)
    static_cast<Received*>(user)->date = time_of(std::string(trim(line.substr(kDate.size()))));
  if (to_lower_ascii(line.substr(0, kRetryAfter.size())) != kRetryAfter) return size;
  auto const value = trim(line.substr(kRetryAfter.size()));
  unsigned seconds = 0;
  if (std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc())
    static_cast<Received*>(user)->answer.retry_after_s = seconds;
  return size;
}

// The first certificate of the chain is the server's own.
std::optional<Timestamp> certificate_end(CURL* curl) {
  constexpr std::string_view kEnds = "Expire date:";
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr || chain->num_of_certs == 0)
    return std::nullopt;
  for (auto const* line = chain->certinfo[0]; line != nullptr; line = line->next)
    if (std::string_view const text = line->data; text.starts_with(kEnds))
      return time_of(std::string(text.substr(kEnds.size())));
  return std::nullopt;
}

HttpTrouble::Kind kind_of(CURLcode code) {
  using enum HttpTrouble::Kind;
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return not_sent;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_WRITE_ERROR: return unusable;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CACERT_BADFILE: return untrusted;
    default: return lost;
  }
}

constexpr std::string_view kUnix = "unix:";

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

CURL* start_curl() {
  static CURLcode const ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto* const curl = curl_easy_init();
  if (ready != CURLE_OK || curl == nullptr) throw Failure(ErrorCode::internal, "libcurl can't be started");
  return curl;
}

class Connection {
 public:
  Connection() = default;
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;
  ~Connection() { curl_easy_cleanup(curl_); }
  std::expected<ServerLook, HttpTrouble> exchange(HttpCall const& call);

 private:
  CURL* curl_ = start_curl();
  std::array<char, CURL_ERROR_SIZE> error_{};
};

std::expected<ServerLook, HttpTrouble> Connection::exchange(HttpCall const& call) {
  auto* const curl = curl_;
  curl_easy_reset(curl);
  Received received{.curl = curl, .sink = call.sink};
  HeaderList headers;
  for (auto const& header : call.headers) headers.add(header);
  headers.add("Expect:");
  headers.add(fmt::format("User-Agent: codi/{}", build_info().version));
  bool const by_path = call.server.starts_with(kUnix);
  auto const url = (by_path ? "http://localhost" : call.server) + call.target;
  if (by_path) curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, call.server.c_str() + kUnix.size());
  auto const& trust = call.trust;
  if (trust.ca_file) curl_easy_setopt(curl, CURLOPT_CAINFO, trust.ca_file->c_str());
  if (trust.key_pin) curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, trust.key_pin->c_str());
  if (trust.key_pin || trust.anyone) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
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
  if (call.goes_on) {
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &ask_on);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &call.goes_on);
  }
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_.data());
  if (is_loopback(url)) curl_easy_setopt(curl, CURLOPT_PROXY, "");
  if (call.body) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body->size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body->data());
  }
  curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
  error_[0] = '\0';
  auto const code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    if (received.sink_full) return std::unexpected(HttpTrouble{HttpTrouble::Kind::unusable, "what came can't be kept"});
    if (received.too_large)
      return std::unexpected(HttpTrouble{HttpTrouble::Kind::unusable, "the answer is larger than the client takes"});
    char const* const what = error_[0] == '\0' ? curl_easy_strerror(code) : error_.data();
    return std::unexpected(HttpTrouble{kind_of(code), what});
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  received.answer.status = static_cast<unsigned>(status);
  return ServerLook{std::move(received.answer), received.date, certificate_end(curl)};
}

}  // namespace

struct Http::Handle {
  Connection connection;
};

Http::Http() : handle_(std::make_unique<Handle>()) {}

Http::~Http() = default;

std::expected<HttpAnswer, HttpTrouble> Http::perform(HttpCall const& call) {
  auto seen = handle_->connection.exchange(call);
  if (!seen) return std::unexpected(std::move(seen.error()));
  return std::move(seen->answer);
}

std::expected<ServerLook, HttpTrouble> look(HttpCall const& call) { return Connection().exchange(call); }

bool is_loopback(std::string_view url) {
  if (url.starts_with(kUnix)) return true;
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> const parsed(curl_url(), &curl_url_cleanup);
  char* found = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &found, 0) != CURLUE_OK)
    return false;
  std::unique_ptr<char, decltype(&curl_free)> const host(found, &curl_free);
  auto const name = to_lower_ascii(host.get());
  if (name == "localhost" || name == "[::1]") return true;
  constexpr std::uint32_t kLoopbackNet = 127;
  constexpr unsigned kNetShift = 24;
  in_addr address{};
  return inet_pton(AF_INET, host.get(), &address) == 1 && ntohl(address.s_addr) >> kNetShift == kLoopbackNet;
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
