#include "gateway/app.hpp"

#include "api/operation.hpp"
#include "api/reaper.hpp"
#include "auth/bootstrap.hpp"
#include "auth/directory.hpp"
#include "auth/login_throttle.hpp"
#include "auth/password.hpp"
#include "auth/token_service.hpp"
#include "base/build_info.hpp"
#include "base/failure.hpp"
#include "db/read_only.hpp"
#include "db/store_facts.hpp"
#include "gateway/asyncapi.hpp"
#include "gateway/disk_watch.hpp"
#include "gateway/openapi.hpp"
#include "gateway/prober.hpp"
#include "gateway/public_pages.hpp"
#include "gateway/ticker.hpp"
#include "middleware/metrics.hpp"
#include "middleware/pipeline.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace codi::gateway {
namespace {

std::string url_of(Address address, bool tls) {
  if (!address.path.empty()) return to_string(address);
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  return (tls ? "https://" : "http://") + to_string(address);
}

api::Settings settings_of(AppOptions const& options) {
  if (!options.leases.thresholds.valid())
    throw Failure(ErrorCode::internal, "a session turns idle before it turns stale: both are parts of its ttl, 0 to 1");
  return {.registration = options.registration.value_or(api::Registration::closed),
          .registration_is_default = !options.registration,
          .leases = options.leases,
          .tenant_rate = options.tenant_rate,
          .quotas = options.quotas};
}

}  // namespace

// The members stand in the order in which they depend on each other.
class App::Impl {
 public:
  Impl(std::unique_ptr<db::Engine> engine, AppOptions options)
      : options_(std::move(options)),
        engine_(options_.read_only ? db::make_read_only(std::move(engine)) : std::move(engine)) {
    server_->open();
    if (!options_.registration && is_for_this_machine()) runtime_.settings.registration = api::Registration::open;
    if (options_.bootstrap_file)
      bootstrapped_ =
          auth::bootstrap_store(*engine_, clock_, random_, facts_.epoch, url(), *options_.bootstrap_file).has_value();
    else
      lacks_tenant_ = !auth::has_tenant(*engine_);
  }

  ~Impl() {
    // After a drain that ran out of time there may be calls on the way: first nobody waits for their answers any more,
    // then the workers, which use everything, end. What the store still does touches no member of this.
    server_.reset();
    workers_.reset();
    stream_workers_.reset();
  }
  Impl(Impl const&) = delete;
  Impl& operator=(Impl const&) = delete;

  void start() {
    server_->start();
    if (!options_.read_only) reaper_.start(options_.reap_period);
  }

  bool stop_and_drain() { return server_->stop_and_drain(); }

  void reload() { server_->reload(); }

  [[nodiscard]] Server const& server() const { return *server_; }
  // TCP first: a path says nothing to another machine, or to a browser.
  [[nodiscard]] std::string url() const {
    auto const& all = server_->addresses();
    auto const tcp = std::ranges::find_if(all, [](Address const& address) { return address.path.empty(); });
    return url_of(tcp == all.end() ? all.front() : *tcp, options_.server.tls.has_value());
  }
  [[nodiscard]] bool bootstrapped() const { return bootstrapped_; }
  [[nodiscard]] bool lacks_tenant() const { return lacks_tenant_; }
  api::Runtime& runtime() { return runtime_; }

 private:
  // Nobody from elsewhere can come, and no proxy lets anybody in.
  [[nodiscard]] bool is_for_this_machine() const {
    return std::ranges::all_of(server_->addresses(), &is_loopback) && options_.server.trusted_proxies.empty();
  }

  middleware::PublicRoutes make_routes() {
    return public_pages({.readiness = [this] { return prober_.readiness(); },
                         .metrics = [this] { return metrics_.render(); },
                         .jwks = [this] { return tokens_.jwks(); },
                         .openapi = json::serialize(openapi_document(api::operations(), build_info().version)),
                         .asyncapi = json::serialize(asyncapi_document(api::operations(), build_info().version))});
  }

  [[nodiscard]] middleware::LiveCounts live() const {
    return {.sessions = static_cast<std::uint64_t>(std::max<std::int64_t>(sessions_, 0)),
            .claims = static_cast<std::uint64_t>(std::max<std::int64_t>(claims_, 0))};
  }
  void count() {
    auto const totals = auth::Directory::count_all(*engine_);
    sessions_ = totals.sessions;
    claims_ = totals.claims;
  }

  [[nodiscard]] std::vector<middleware::QueueState> queues() const {
    if (!workers_ || !stream_workers_) return {};
    return {{"work", workers_->queued(), limits::kPasswordHashQueue},
            {"stream", stream_workers_->queued(), limits::kStreams}};
  }

  AppOptions const options_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<db::Engine> engine_;
  db::StoreFacts const facts_ = db::open_store_facts(*engine_, random_);
  std::optional<WorkerPool> workers_{std::in_place, options_.workers, limits::kPasswordHashQueue};
  std::optional<WorkerPool> stream_workers_{std::in_place, 1, limits::kStreams};
  auth::TokenService tokens_{*engine_, clock_, options_.issuer.value_or(facts_.id)};
  auth::PasswordHasher hasher_;
  auth::LoginThrottle throttle_{clock_};
  api::Runtime runtime_{.engine = *engine_,
                        .clock = clock_,
                        .random = random_,
                        .workers = *workers_,
                        .tokens = tokens_,
                        .hasher = hasher_,
                        .throttle = throttle_,
                        .settings = settings_of(options_),
                        .epoch = facts_.epoch,
                        .store_id = facts_.id};
  Prober prober_{*engine_,
                 clock_,
                 {.server = to_string(make_uuid_v7(clock_.now(), random_))},
                 [this](std::chrono::milliseconds ahead) { runtime_.clocks.compare(ahead); }};
  DiskWatch disk_watch_{*engine_};
  middleware::Metrics metrics_{{.store = [this] { return engine_->stats(); },
                                .ready = [this] { return prober_.readiness().ready; },
                                .queues = [this] { return queues(); },
                                .activity = [this] { return runtime_.activity.totals(); },
                                .reaped = [this] { return reaper_.last_pass(); },
                                .live = [this] { return live(); },
                                .feed_fallbacks = [this] { return runtime_.feeds.fallbacks(); },
                                .certificate_expires = [this] { return server_->certificate_expires(); }}};
  middleware::PublicRoutes const routes_ = make_routes();
  middleware::Pipeline pipeline_{{.runtime = runtime_,
                                  .operations = api::operations(),
                                  .public_routes = routes_,
                                  .metrics = metrics_,
                                  .stream_workers = *stream_workers_,
                                  .rates = options_.rates,
                                  .slow = options_.slow,
                                  .trusted_proxies = options_.server.trusted_proxies,
                                  .cors = options_.cors}};
  std::unique_ptr<Server> server_ = std::make_unique<Server>(options_.server, pipeline_);
  api::Reaper reaper_{runtime_};
  Ticker maintenance_{"tokens", limits::kSigningKeyReload, [this] { tokens_.maintain(); }};
  std::atomic<std::int64_t> sessions_ = 0;
  std::atomic<std::int64_t> claims_ = 0;
  Ticker counting_{"counts", options_.count_period, [this] { count(); }};
  bool bootstrapped_ = false;
  bool lacks_tenant_ = false;
};

App::App(std::unique_ptr<db::Engine> engine, AppOptions options)
    : impl_(std::make_unique<Impl>(std::move(engine), std::move(options))) {}
App::~App() = default;
void App::start() { impl_->start(); }
bool App::stop_and_drain() { return impl_->stop_and_drain(); }
void App::reload() { impl_->reload(); }
Address App::address() const { return impl_->server().address(); }
std::vector<Address> const& App::addresses() const { return impl_->server().addresses(); }
std::optional<std::chrono::sys_seconds> App::certificate_expires() const {
  return impl_->server().certificate_expires();
}

std::optional<std::string> App::key_pin() const { return impl_->server().key_pin(); }
std::string App::url() const { return impl_->url(); }
bool App::bootstrapped() const { return impl_->bootstrapped(); }

bool App::lacks_tenant() const { return impl_->lacks_tenant(); }
api::Runtime& App::runtime() { return impl_->runtime(); }

}  // namespace codi::gateway
