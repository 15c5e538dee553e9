#include "fan_out.hpp"

#include <boost/json/value_to.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <iostream>
#include <poll.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

namespace codi::load {
namespace {

namespace json = boost::json;

constexpr std::string_view kPlace = "${at}";
constexpr std::string_view kMark = "@@";  // before the time, in what comes
constexpr std::size_t kDigits = 19;
constexpr std::size_t kBetweenLooks = 100;
constexpr auto kLongestWait = std::chrono::milliseconds(100);
constexpr auto kLastWait = std::chrono::seconds(10);  // for what is on the way at the end
// So many from one address: servers let no more come.
constexpr std::size_t kPerAddress = 8'000;

[[noreturn]] void fail(char const* what) { throw std::system_error(errno, std::generic_category(), what); }

template <class T>
T value_or(json::object const& plan, std::string_view name, T otherwise) {
  auto const* found = plan.if_contains(name);
  return found ? json::value_to<T>(*found) : otherwise;
}

}  // namespace

FanOutPlan read_fan_out_plan(json::value const& document) {
  auto const& plan = document.as_object();
  FanOutPlan out;
  out.peer = {.host = json::value_to<std::string>(plan.at("host")), .port = plan.at("port").to_number<std::uint16_t>()};
  out.wire = value_or<std::string>(plan, "wire", "websocket") == "nats" ? Wire::nats : Wire::websocket;
  for (auto const& greeting : plan.at("greetings").as_array())
    out.greetings.push_back(json::value_to<std::string>(greeting));
  if (out.greetings.empty()) throw std::runtime_error("a plan has no greetings");
  out.publisher_greeting = value_or<std::string>(plan, "publisher_greeting", "");
  out.message = value_or<std::string>(plan, "message", "");
  out.subscribers = value_or<std::size_t>(plan, "subscribers", out.subscribers);
  out.publishers = value_or<std::size_t>(plan, "publishers", out.publishers);
  out.events_per_second = value_or<double>(plan, "events_per_second", out.events_per_second);
  out.window = value_or<std::size_t>(plan, "window", out.window);
  out.warmup_seconds = value_or<double>(plan, "warmup_seconds", out.warmup_seconds);
  out.seconds = value_or<double>(plan, "seconds", out.seconds);
  out.expect = value_or<std::size_t>(plan, "expect", out.expect);
  out.hold = value_or<bool>(plan, "hold", out.hold);
  return out;
}

FanOut::FanOut(FanOutPlan plan)
    : plan_(std::move(plan)), epoll_(::epoll_create1(0)), got_([this](std::string_view message) { got(message); }) {
  if (epoll_ < 0) fail("epoll_create1");
}

FanOut::~FanOut() { ::close(epoll_); }

void FanOut::connect() {
  for (std::size_t i = 0; i < plan_.subscribers; ++i) {
    auto peer = plan_.peer;
    peer.from = fmt::format("127.0.0.{}", 2 + i / kPerAddress);
    subscribers_.push_back(std::make_unique<Subscriber>(peer, plan_.wire, plan_.greetings[i % plan_.greetings.size()]));
    watch(*subscribers_.back());
    if (i % kBetweenLooks == 0) wait_and_receive({});  // pings are answered meanwhile
  }
  if (plan_.message.empty()) return;
  for (std::size_t i = 0; i < plan_.publishers; ++i) {
    publishers_.push_back(std::make_unique<Subscriber>(plan_.peer, plan_.wire, plan_.publisher_greeting));
    watch(*publishers_.back());
  }
}

void FanOut::watch(Subscriber& subscriber) const {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &subscriber}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, subscriber.descriptor(), &event) != 0) fail("epoll_ctl");
}

// What is published late counts from when it was due.
void FanOut::publish(Clock::time_point due) {
  auto text = plan_.message;
  auto const at = fmt::format("{}{:019}", kMark, due.time_since_epoch().count());
  text.replace(text.find(kPlace), kPlace.size(), at);
  publishers_[published_++ % publishers_.size()]->publish(text);
}

void FanOut::publish_due(Clock::time_point now) {
  if (plan_.events_per_second <= 0) {
    while (published_ * plan_.subscribers < delivered_ + plan_.window * plan_.subscribers) publish(Clock::now());
    return;
  }
  auto const between =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / plan_.events_per_second));
  for (; next_ <= now; next_ += between) publish(next_);
}

void FanOut::wait_and_receive(std::chrono::nanoseconds at_most) {
  auto const wait = std::clamp<std::chrono::nanoseconds>(at_most, std::chrono::nanoseconds(0), kLongestWait);
  timespec const longest{.tv_sec = 0, .tv_nsec = static_cast<long>(wait.count())};
  std::array<epoll_event, 512> events{};
  auto const ready = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &longest, nullptr);
  if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
  for (int i = 0; i < ready; ++i) static_cast<Subscriber*>(events[static_cast<std::size_t>(i)].data.ptr)->receive(got_);
}

void FanOut::got(std::string_view message) {
  if (message.starts_with(R"({"type":"error")")) throw std::runtime_error(std::string(message));
  if (!message.starts_with(R"({"type":"event")")) return;  // such as the answer to who has published
  if (plan_.expect > 0) {
    ++delivered_;
    return;
  }
  auto const mark = message.find(kMark);
  if (mark == std::string_view::npos) return;
  auto const digits = message.substr(mark + kMark.size(), kDigits);
  long at = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), at);
  auto const due = Clock::time_point(Clock::duration(at));
  ++delivered_;
  bytes_ = message.size();
  auto const now = Clock::now();
  // Those that are late are late, not left out.
  bool const counts = plan_.events_per_second > 0 ? due >= measure_from_ && due < measure_to_
                                                  : now >= measure_from_ && now < measure_to_;
  if (counts) latencies_.add(now - due);
}

json::object FanOut::measure() {
  auto const start = Clock::now();
  auto const to_duration = [](double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  };
  next_ = start;
  measure_from_ = start + to_duration(plan_.warmup_seconds);
  measure_to_ = measure_from_ + to_duration(plan_.seconds);
  for (auto now = start; now < measure_to_; now = Clock::now()) {
    publish_due(now);
    wait_and_receive(plan_.events_per_second > 0 ? next_ - Clock::now() : std::chrono::nanoseconds(kLongestWait));
  }
  auto const end = Clock::now() + kLastWait;
  while (delivered_ < published_ * plan_.subscribers && Clock::now() < end) wait_and_receive(kLongestWait);
  if (delivered_ < published_ * plan_.subscribers)
    throw std::runtime_error(fmt::format("{} of {} messages did not come", published_ * plan_.subscribers - delivered_,
                                         published_ * plan_.subscribers));
  auto const took = std::chrono::duration<double>(Clock::now() - start).count();
  return {{"latency", latencies_.summary(plan_.seconds)},
          {"published", published_},
          {"delivered", delivered_},
          {"bytes", bytes_},
          {"took_seconds", took}};
}

json::object FanOut::count() {
  auto const start = Clock::now();
  connect();
  while (delivered_ < plan_.expect * plan_.subscribers) wait_and_receive(kLongestWait);
  auto const took = std::chrono::duration<double>(Clock::now() - start).count();
  return {{"delivered", delivered_}, {"took_seconds", took}};
}

void FanOut::hold() {
  std::cout << "connected" << std::endl;
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  while (::poll(&input, 1, 0) == 0) wait_and_receive(kLongestWait);
}

json::object FanOut::run() {
  if (plan_.expect > 0) return count();
  connect();
  if (!plan_.hold) return measure();
  hold();
  return {{"connections", subscribers_.size()}};
}

}  // namespace codi::load
