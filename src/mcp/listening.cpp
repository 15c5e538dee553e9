#include "mcp/listening.hpp"

#include "mcp/limits.hpp"
#include "mcp/refusal.hpp"
#include "mcp/resources.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <utility>

namespace codi::mcp {

Listening::Listening(api::Runtime& runtime, Turn turn, Reply reply)
    : runtime_(runtime), turn_(std::move(turn)), reply_(std::move(reply)), checked_at_(runtime.clock.monotonic()) {}

void Listening::begin(std::vector<FollowedProject> projects, std::string const& credential,
                      std::function<void(std::function<void()>)> post) {
  if (!reply_) return;
  post_ = std::move(post);
  for (auto& project : projects) {
    for (auto const& resource : project.resources) told_[resource.uri] = {};
    sources_.push_back({.feed = std::make_shared<api::Feed>(runtime_, std::move(project.plan), credential, post_),
                        .resources = std::move(project.resources)});
  }
  acknowledge();
}

void Listening::refuse(RpcError error) { end(std::unexpected(std::move(error))); }

json::object Listening::about() const {
  if (!is_stateless()) return {};
  return {{"_meta", {{meta::kSubscriptionId, turn_.id}}}};
}

void Listening::acknowledge() {
  if (!is_stateless()) return turn_.begin();
  json::array uris;
  for (auto const& [uri, told] : told_) uris.emplace_back(uri);
  json::object honored;
  if (!uris.empty()) honored["resourceSubscriptions"] = std::move(uris);
  auto params = about();
  params["notifications"] = std::move(honored);
  turn_.send(notification("notifications/subscriptions/acknowledged", std::move(params)));
}

void Listening::ready() {
  reader_waits_ = true;
  for (std::size_t place = 0; place < sources_.size(); ++place)
    if (!sources_[place].asked) ask(place);
}

void Listening::ask(std::size_t place) {
  sources_[place].asked = true;
  auto const feed = sources_[place].feed;  // which its own answer may remove from there
  feed->next([weak = weak_from_this(), place](api::FeedStep const& step) {
    if (auto const self = weak.lock()) self->take_step(place, step);
  });
}

void Listening::take_step(std::size_t place, api::FeedStep const& step) {
  if (place >= sources_.size()) return;
  if (step.end) return end(std::unexpected(rpc_refusal(*step.end)));
  sources_[place].asked = false;
  if (step.frame) take_frame(sources_[place], *step.frame);
  // Whoever does not read what it was told gets no more until it has.
  if (!reader_waits_) return;
  sources_[place].asked = true;
  // In a turn of its own, so that one busy project does not keep its thread.
  post_([weak = weak_from_this(), place] {
    auto const self = weak.lock();
    if (self && place < self->sources_.size()) self->ask(place);
  });
}

void Listening::take_frame(Source const& source, std::string const& frame) {
  auto const parsed = json::parse(frame).as_object();
  auto const* const event = object_in(parsed, "event");
  if (event == nullptr) return;
  auto const kinds = kinds_changed_by(text_in(*event, "action").value_or(""));
  for (auto const& resource : source.resources)
    if (std::ranges::find(kinds, resource.kind) != kinds.end()) changed(resource.uri);
}

void Listening::changed(std::string const& uri) {
  auto& told = told_.find(uri)->second;
  auto const now = runtime_.clock.monotonic();
  told.is_due = true;
  if (!told.at || now - *told.at >= limits::kMcpUpdateInterval) tell(uri, told);
}

void Listening::tell(std::string const& uri, Told& told) {
  told = {.at = runtime_.clock.monotonic()};
  reader_waits_ = false;
  auto params = about();
  params["uri"] = uri;
  turn_.send(notification("notifications/resources/updated", std::move(params)));
}

void Listening::tick() {
  auto const now = runtime_.clock.monotonic();
  for (auto& [uri, told] : told_)
    if (told.is_due && told.at && now - *told.at >= limits::kMcpUpdateInterval) tell(uri, told);
  if (now - checked_at_ < limits::kFeedCheck) return;
  checked_at_ = now;
  // A feed whose credential no longer holds may answer at once, which ends all of them.
  auto const followed = sources_;
  for (auto const& source : followed) {
    if (!reply_) return;
    source.feed->check();
  }
}

void Listening::drain() { end(about()); }

void Listening::end(Outcome outcome) {
  if (!reply_) return;
  sources_.clear();
  std::exchange(reply_, nullptr)(std::move(outcome));
}

}  // namespace codi::mcp
