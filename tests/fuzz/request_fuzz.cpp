#include "api/operation.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "fuzz/check.hpp"
#include "middleware/pipeline.hpp"
#include "support/api_harness.hpp"

#include <algorithm>
#include <future>
#include <set>

namespace codi::middleware {
namespace {

using testing::check;

// All operations but those that take half a second to hash a password, and the one that would end the owner's login.
std::vector<api::Operation> quick_operations() {
  std::set<std::string_view> const left_out{"register", "login", "accept_invite", "change_password", "logout"};
  auto out = api::operations();
  std::erase_if(out, [&](auto const& operation) { return left_out.contains(operation.meta.id); });
  return out;
}

// One server without a socket for all runs: what they write stays.
struct Server {
  testing::ApiHarness harness;
  std::string owner = harness.register_tenant("owner@example.org").token;
  std::vector<api::Operation> operations = quick_operations();
  PublicRoutes routes;
  Metrics metrics{{}};
  WorkerPool stream_workers{1, 4};
  Pipeline pipeline{
      {.runtime = harness.runtime,
       .operations = operations,
       .public_routes = routes,
       .metrics = metrics,
       .stream_workers = stream_workers,
       .rates = {.caller = {.per_second = 1e9, .burst = 1e9}, .address = {.per_second = 1e9, .burst = 1e9}}}};
};

Server& server() {
  static Server one;
  return one;
}

std::string_view take_line(std::string_view& rest) {
  auto const end = std::min(rest.find('\n'), rest.size());
  auto const line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

// `METHOD target`, lines of header fields, an empty line, the body. OWNER as a token is the owner's.
HttpRequest request_of(std::string_view input) {
  auto const first = take_line(input);
  auto const space = std::min(first.find(' '), first.size());
  HttpRequest out{.method = std::string(first.substr(0, space)),
                  .target = std::string(first.substr(std::min(space + 1, first.size()))),
                  .remote_address = "192.0.2.7"};
  for (auto line = take_line(input); !line.empty(); line = take_line(input)) {
    auto const colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    auto value = std::string(trim(line.substr(colon + 1)));
    if (value == "Bearer OWNER") value = "Bearer " + server().owner;
    out.headers.add(std::string(line.substr(0, colon)), std::move(value));
  }
  out.body = input;
  return out;
}

HttpResponse answer_to(HttpRequest request) {
  std::promise<HttpResponse> promise;
  auto future = promise.get_future();
  auto const post = [](std::function<void()> const& work) { work(); };
  server().pipeline.handle(std::move(request), post,
                           [&promise](HttpResponse response) { promise.set_value(std::move(response)); });
  return future.get();
}

void check_problem(HttpResponse const& response) {
  check(response.headers.find("Content-Type") == "application/problem+json", "a refusal is a problem", response.body);
  auto const problem = json::parse(response.body).as_object();
  check(problem.at("status") == response.status, "a problem says its status", response.body);
  for (auto const* member : {"type", "title", "code", "detail"})
    check(!problem.at(member).as_string().empty(), "a problem says what it is", response.body);
  if (auto const* errors = problem.if_contains("errors"))
    for (auto const& error : errors->as_array()) {
      auto const& pointer = error.at("pointer").as_string();
      check(pointer.empty() || pointer.front() == '/', "a problem says where", response.body);
    }
}

// What git-lfs reads of one.
void check_lfs_refusal(HttpResponse const& response) {
  auto const refusal = json::parse(response.body).as_object();
  for (auto const* member : {"message", "request_id", "documentation_url"})
    check(!refusal.at(member).as_string().empty(), "a refusal says what it is", response.body);
}

constexpr unsigned kNotOffered = 501;

void check_answer(HttpResponse const& response) {
  check(response.status < 500 || response.status == kNotOffered, "no request brings the server into trouble",
        response.body);
  check(!reason_phrase(response.status).empty(), "a status is a known one", std::to_string(response.status));
  check(response.headers.count("X-Request-Id") == 1, "an answer has the id of its request");
  for (auto const& [name, value] : response.headers)
    check(is_valid_utf8(value) && value.find_first_of("\r\n") == std::string::npos, "a field is one line", name);
  bool const is_lfs = response.headers.find("Content-Type") == "application/vnd.git-lfs+json";
  if (response.status >= 400) return is_lfs ? check_lfs_refusal(response) : check_problem(response);
  if (!response.body.empty()) check(json::parse(response.body).is_object(), "an answer is an object", response.body);
}

}  // namespace
}  // namespace codi::middleware

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  codi::log::capture([](std::string_view) {});
  codi::middleware::server();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace codi::middleware;
  auto request = request_of(codi::testing::text_of(data, size));
  check_answer(answer_to(std::move(request)));
  return 0;
}
