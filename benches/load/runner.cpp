#include "runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

namespace codi::load {
namespace {

constexpr auto kLongestWait = std::chrono::milliseconds(100);

[[noreturn]] void fail(char const* what) { throw std::system_error(errno, std::generic_category(), what); }

std::vector<double> weights_of(Plan const& plan) {
  std::vector<double> out;
  for (auto const& flow : plan.flows) out.push_back(flow.weight);
  return out;
}

template <class Duration>
Duration from_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

double to_seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

Runner::Runner(Plan plan) : plan_(std::move(plan)), epoll_(::epoll_create1(0)) {
  if (epoll_ < 0) fail("epoll_create1");
  auto const weights = weights_of(plan_);
  weights_ = std::discrete_distribution<std::size_t>(weights.begin(), weights.end());
  client_name_ = plan_.names.index("client");
  n_name_ = plan_.names.index("n");
  if (plan_.flows_per_second > 0)
    between_ = from_seconds<Clock::duration>(static_cast<double>(plan_.clients) / plan_.flows_per_second);
}

Runner::~Runner() { ::close(epoll_); }

void Runner::connect() {
  for (std::size_t i = 0; i < plan_.clients; ++i) {
    auto client = std::make_unique<Client>();
    client->http = std::make_unique<HttpClient>(plan_.host, plan_.port);
    client->values.resize(plan_.names.size());
    client->values[client_name_] = std::to_string(i);
    for (auto const& [name, values] : plan_.of_client) client->values[name] = values[i % values.size()];
    epoll_event event{.events = EPOLLIN, .data = {.ptr = client.get()}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, client->http->descriptor(), &event) != 0) fail("epoll_ctl");
    clients_.push_back(std::move(client));
  }
}

Flow const& Runner::choose() { return plan_.flows[plan_.flows.size() == 1 ? 0 : weights_(random_)]; }

void Runner::start_flow(Client& client) {
  client.flow = &choose();
  client.step = 0;
  client.values[n_name_] = std::to_string(client.runs++);
  for (auto const& [name, values] : plan_.in_turn) client.values[name] = values[turn_ % values.size()];
  ++turn_;
  client.flow_start = between_ > Clock::duration::zero() ? client.due : Clock::now();
  client.step_start = client.flow_start;
  send_step(client);
}

void Runner::send_step(Client& client) {
  auto const& step = client.flow->steps[client.step];
  request_.clear();
  step.head.append_to(request_, client.values);
  if (step.body) {
    body_.clear();
    step.body->append_to(body_, client.values);
    fmt::format_to(std::back_inserter(request_), "Content-Length: {}\r\n\r\n", body_.size());
    request_ += body_;
  } else {
    request_ += "\r\n";
  }
  if (client.http->send(request_)) watch_room(client, true);
}

void Runner::watch_room(Client& client, bool on) {
  if (client.watches_room == on) return;
  client.watches_room = on;
  epoll_event event{.events = EPOLLIN | (on ? EPOLLOUT : 0U), .data = {.ptr = &client}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.http->descriptor(), &event) != 0) fail("epoll_ctl");
}

void Runner::on_ready(Client& client, bool writable) {
  if (writable && client.watches_room) watch_room(client, client.http->send_rest());
  if (auto const answer = client.http->receive()) answered(client, *answer);
}

void Runner::answered(Client& client, HttpClient::Answer const& answer) {
  auto const now = Clock::now();
  auto const& step = client.flow->steps[client.step];
  if (std::ranges::find(step.statuses, answer.status) == step.statuses.end())
    throw std::runtime_error(fmt::format("{} was answered {}: {}", step.name, answer.status, answer.body));
  for (auto const& capture : step.captures) {
    auto const at = answer.body.rfind(capture.after);
    if (at == std::string_view::npos) continue;
    auto const rest = answer.body.substr(at + capture.after.size());
    client.values[capture.into] = rest.substr(0, rest.find('"'));
  }
  ++requests_;
  if (counts(client.step_start, now)) steps_[step.name].add(now - client.step_start);
  if (++client.step < client.flow->steps.size()) {
    client.step_start = now;
    return send_step(client);
  }
  if (counts(client.flow_start, now)) flows_.add(now - client.flow_start);
  client.due += between_;
  start_or_wait(client, now);
}

void Runner::start_or_wait(Client& client, Clock::time_point now) {
  bool const over = plan_.runs > 0 ? client.runs == plan_.runs : now >= measure_to_;
  if (over) {
    --active_;
  } else if (between_ > Clock::duration::zero() && client.due > now) {
    waiting_.push({client.due, &client});
  } else {
    start_flow(client);
  }
}

void Runner::start_due(Clock::time_point now) {
  while (!waiting_.empty() && waiting_.top().due <= now) {
    auto& client = *waiting_.top().client;
    waiting_.pop();
    start_or_wait(client, now);
  }
}

void Runner::wait_and_serve() {
  auto const now = Clock::now();
  start_due(now);
  auto wait = std::chrono::nanoseconds(kLongestWait);
  if (!waiting_.empty()) wait = std::min<std::chrono::nanoseconds>(wait, waiting_.top().due - now);
  wait = std::max(wait, std::chrono::nanoseconds(0));
  timespec const longest{.tv_sec = 0, .tv_nsec = static_cast<long>(wait.count())};
  std::array<epoll_event, 256> events{};
  auto const ready = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &longest, nullptr);
  if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
  for (int i = 0; i < ready; ++i) {
    auto const& event = events[static_cast<std::size_t>(i)];
    on_ready(*static_cast<Client*>(event.data.ptr), (event.events & EPOLLOUT) != 0);
  }
}

boost::json::object Runner::run() {
  connect();
  auto const start = Clock::now();
  measure_from_ = start + from_seconds<Clock::duration>(plan_.warmup_seconds);
  measure_to_ = measure_from_ + from_seconds<Clock::duration>(plan_.seconds);
  active_ = clients_.size();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    auto& client = *clients_[i];
    client.due = start + between_ * static_cast<long>(i) / static_cast<long>(clients_.size());
    start_or_wait(client, start);
  }
  while (active_ > 0) wait_and_serve();

  auto const seconds = plan_.runs > 0 ? to_seconds(Clock::now() - start) : plan_.seconds;
  boost::json::object steps;
  Latencies all;
  for (auto& [name, latencies] : steps_) {
    all.add_all(latencies);
    steps[name] = latencies.summary(seconds);
  }
  return {{"seconds", seconds},
          {"requests", requests_},  // with those of the warm-up
          {"all", all.summary(seconds)},
          {"flows", flows_.summary(seconds)},
          {"steps", std::move(steps)}};
}

}  // namespace codi::load
