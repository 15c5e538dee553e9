#include "gateway/serve_options.hpp"

#include "db/store.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace codi::gateway {
namespace {

// What CLI11 fills, as text and numbers.
struct Flags {
  std::string config;
  std::vector<std::string> listen{"127.0.0.1:7620"};
  std::string tls_cert;
  std::string tls_key;
  std::vector<std::string> trusted_proxies;
  std::vector<std::string> cors_origins;
  std::string feed_compression = "off";
  std::string store = "rocksdb:./data";
  std::string fdb_lib;
  std::string read_only = "off";
  std::string bootstrap_file;
  std::string issuer;
  std::string registration;
  std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  double session_idle = 1.0 / 3;
  double session_stale = 2.0 / 3;
  double rate_caller = limits::kCallerRequestsPerSecond;
  double rate_tenant = limits::kTenantRequestsPerSecond;
  double rate_address = limits::kAddressRequestsPerSecond;
  std::int64_t quota_sessions = limits::kTenantSessions;
  std::int64_t quota_claims = limits::kTenantClaims;
  std::int64_t quota_events_per_minute = limits::kTenantEventsPerMinute;
  std::int64_t quota_storage_bytes = 0;
  std::string log_level = "info";
  std::int64_t expiry_grace_ms = std::chrono::milliseconds(limits::kExpiryGrace).count();
  std::int64_t slow_ms = std::chrono::milliseconds(limits::kSlowRequest).count();
};

std::map<std::string, api::Registration> registrations() {
  using enum api::Registration;
  return {{"open", open}, {"invited", invited}, {"closed", closed}};
}

std::map<std::string, bool> switches() { return {{"off", false}, {"on", true}}; }

std::map<std::string, log::Level> levels() {
  using enum log::Level;
  return {{"debug", debug}, {"info", info}, {"warn", warn}, {"error", error}};
}

// One of the names, in any case.
CLI::IsMember one_of(auto const& values) {
  std::vector<std::string> names;
  names.reserve(values.size());
  for (auto const& [name, value] : values) names.push_back(name);
  return CLI::IsMember(names, CLI::ignore_case);
}

void declare_limits(CLI::App& app, Flags& flags) {
  CLI::Range const rates(0.001, 1e9);
  CLI::Range const amounts(std::int64_t{0}, std::numeric_limits<std::int64_t>::max());
  app.add_option("--rate-caller", flags.rate_caller,
                 "Requests a second of one token, or address without one; bursts of twice as many")
      ->check(rates)
      ->capture_default_str();
  app.add_option("--rate-tenant", flags.rate_tenant, "The same of one tenant")->check(rates)->capture_default_str();
  app.add_option("--rate-address", flags.rate_address, "The same of one address")->check(rates)->capture_default_str();
  app.add_option("--quota-sessions", flags.quota_sessions,
                 "Sessions that a tenant may have; this and what follows is a default that an operator can change for "
                 "each tenant")
      ->check(amounts)
      ->capture_default_str();
  app.add_option("--quota-claims", flags.quota_claims, "Claims that a tenant may hold")
      ->check(amounts)
      ->capture_default_str();
  app.add_option("--quota-events-per-minute", flags.quota_events_per_minute,
                 "Requests a minute of a tenant that add to its work log")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
  app.add_option("--quota-storage-bytes", flags.quota_storage_bytes,
                 "Bytes that a tenant's data may take in the store; 0: no quota")
      ->check(amounts)
      ->capture_default_str();
}

// Given as often as wanted, or once with commas.
CLI::Option* add_list(CLI::App& app, char const* name, std::vector<std::string>& values, std::string description) {
  return app.add_option(name, values, std::move(description))->delimiter(',')->allow_extra_args(false);
}

void declare_network(CLI::App& app, Flags& flags) {
  add_list(app, "--listen", flags.listen,
           "Addresses: HOST:PORT, [IPV6]:PORT or :PORT (port 0 lets the system choose), unix:/PATH for a Unix socket, "
           "systemd for the sockets of a socket unit")
      ->type_name("ADDRESS,...")
      ->default_str(fmt::format("{}", fmt::join(flags.listen, ",")));
  app.add_option("--tls-cert", flags.tls_cert,
                 "Certificate chain in PEM: TCP connections are TLS (SIGHUP reads it anew)")
      ->type_name("FILE");
  app.add_option("--tls-key", flags.tls_key, "Its private key in PEM, closed to others")->type_name("FILE");
  add_list(app, "--trusted-proxy", flags.trusted_proxies,
           "Whose Forwarded and X-Forwarded-* are believed: addresses, networks such as 10.0.0.0/8, or unix")
      ->type_name("NETWORK,...");
  add_list(app, "--cors-origin", flags.cors_origins,
           "Web origins whose pages may call: https://app.example.org (default: none)")
      ->type_name("ORIGIN,...");
  app.add_option("--feed-compression", flags.feed_compression,
                 "Whether WebSockets are compressed (permessage-deflate) where clients offer it: less traffic for more "
                 "time and memory")
      ->transform(one_of(switches()))
      ->type_name("off|on")
      ->capture_default_str();
}

void declare(CLI::App& app, Flags& flags) {
  app.add_option("--config", flags.config, "A TOML file of settings, which flags and CODI_* variables win over")
      ->type_name("FILE");
  declare_network(app, flags);
  app.add_option("--store", flags.store,
                 "Where the data live: rocksdb:FOLDER, or fdb:FILE with a cluster file of FoundationDB")
      ->type_name("STORE")
      ->capture_default_str();
  app.add_option("--fdb-lib", flags.fdb_lib,
                 "FoundationDB's client library (default: libfdb_c.so, where the system looks for libraries)")
      ->type_name("FILE");
  app.add_option("--read-only", flags.read_only,
                 "Whether reads are answered and writes refused, with 503 and Retry-After: while the data are moved to "
                 "another store")
      ->transform(one_of(switches()))
      ->type_name("off|on")
      ->capture_default_str();
  app.add_option(
         "--bootstrap-file", flags.bootstrap_file,
         "Where the first start writes its tokens (default: bootstrap.json in the store's folder; on FoundationDB "
         "none are made without this)")
      ->type_name("FILE");
  app.add_option("--registration", flags.registration,
                 "Who may register (default: open while only this machine can connect)")
      ->transform(one_of(registrations()))
      ->type_name("MODE");
  app.add_option("--issuer", flags.issuer, "Issuer and audience of access tokens (default: the store's id)")
      ->type_name("NAME");
  app.add_option("--threads", flags.threads, "Threads that serve connections (default: one a processor)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--session-idle", flags.session_idle,
                 "Part of its ttl after which a silent session is idle (default: a third)")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--session-stale", flags.session_stale,
                 "Part of its ttl after which it is stale; at 1 it ends (default: two thirds)")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option(
         "--expiry-grace-ms", flags.expiry_grace_ms,
         "Milliseconds after its end in which a lease can still be renewed; the same on every server of a store")
      ->check(CLI::Range(std::int64_t{0}, limits::kExpiryGraceMsMax))
      ->capture_default_str();
  declare_limits(app, flags);
  app.add_option("--log-level", flags.log_level, "What is written to stderr")
      ->transform(one_of(levels()))
      ->type_name("LEVEL")
      ->capture_default_str();
  app.add_option("--slow-ms", flags.slow_ms,
                 "Milliseconds from which on a request is logged with where its time went; 0: every one")
      ->check(CLI::Range(std::int64_t{0}, limits::kSlowRequestMsMax))
      ->capture_default_str();
  app.footer(
      "Examples:\n"
      "  codi serve                                          on 127.0.0.1:7620, with ./data\n"
      "  codi serve --listen :7620 --store rocksdb:/var/lib/codi/data --registration invited \\\n"
      "             --tls-cert /etc/codi/fullchain.pem --tls-key /etc/codi/key.pem\n"
      "  codi serve --config /etc/codi/codi.toml\n\n"
      "Each option is a variable too (CODI_LOG_LEVEL) and a key of the file (log_level = \"warn\").\n");
}

std::unique_ptr<CLI::App> make_parser(Flags& flags) {
  auto app = std::make_unique<CLI::App>(
      "Runs the server: a store, an HTTP API on it, and a log of JSON lines on stderr", "codi serve");
  declare(*app, flags);
  return app;
}

std::string as_argument(FoundSetting const& setting) { return fmt::format("--{}={}", setting.name, setting.value); }

// What is wrong with a setting that no flag gave; nothing when it can be taken.
std::optional<std::string> trouble_with(FoundSetting const& setting) {
  Flags scratch;
  try {
    make_parser(scratch)->parse(std::vector<std::string>{as_argument(setting)});
  } catch (CLI::ParseError const& error) {
    return fmt::format("{}: {}", setting.source, error.what());
  }
  return std::nullopt;
}

// The flags, and what environment and file add to them.
std::expected<std::vector<FoundSetting>, std::string> other_settings(CLI::App const& app, Flags const& flags,
                                                                     Environment const& environment) {
  auto const named = flags.config.empty() ? environment("CODI_CONFIG") : flags.config;
  auto found = find_settings(app, environment, named ? std::optional<std::filesystem::path>(*named) : std::nullopt);
  if (!found) return found;
  for (auto const& setting : *found)
    if (auto trouble = trouble_with(setting)) return std::unexpected(*std::move(trouble));
  return found;
}

int wrong(std::string_view what) {
  std::cerr << "codi serve: " << what << "\nRun `codi serve --help` for the options.\n";
  return 2;
}

std::vector<FoundSetting> settings_in_force(CLI::App const& app, std::vector<FoundSetting> found) {
  for (auto const* const option : app.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    auto const& name = option->get_lnames().front();
    if (std::ranges::find(found, name, &FoundSetting::name) != found.end()) continue;
    found.push_back({name, fmt::format("{}", fmt::join(option->results(), ",")), "--" + name});
  }
  return found;
}

Result<void> set_network(AppOptions& out, Flags const& flags) {
  out.server.listen.clear();
  for (auto const& text : flags.listen) {
    auto address = parse_address(text);
    if (!address) return std::unexpected(std::move(address.error()));
    out.server.listen.push_back(*std::move(address));
  }
  if (flags.tls_cert.empty() != flags.tls_key.empty())
    return fail(ErrorCode::validation, "--tls-cert and --tls-key belong together: name both or neither");
  if (!flags.tls_cert.empty()) out.server.tls = {.certificate = flags.tls_cert, .key = flags.tls_key};
  for (auto const& proxy : flags.trusted_proxies)
    if (auto added = out.server.trusted_proxies.add(proxy); !added) return added;
  for (auto const& origin : flags.cors_origins)
    if (auto added = out.cors.add(origin); !added) return added;
  return {};
}

std::int64_t permille(double part) { return std::llround(part * 1000); }

}  // namespace

std::expected<ServeOptions, int> parse_serve_options(int argc, char const* const* argv,
                                                     Environment const& environment) {
  Flags given;
  Flags flags;
  auto const first = make_parser(given);
  auto const app = make_parser(flags);
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::vector<FoundSetting> others;
  try {
    first->parse(argc, argv);
    auto found = other_settings(*first, given, environment);
    if (!found) return std::unexpected(wrong(found.error()));
    others = *std::move(found);
    for (auto const& setting : others) arguments.push_back(as_argument(setting));
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    app->parse(std::move(arguments));
  } catch (CLI::CallForHelp const&) {
    std::cout << first->help();
    return std::unexpected(0);
  } catch (CLI::ParseError const& error) {
    return std::unexpected(wrong(error.what()));
  }

  ServeOptions out;
  if (auto set = set_network(out.app, flags); !set) return std::unexpected(wrong(set.error().detail));
  auto const store = db::parse_store(flags.store, std::filesystem::current_path());
  if (!store) return std::unexpected(wrong(db::no_store(flags.store)));
  if (permille(flags.session_idle) > permille(flags.session_stale))
    return std::unexpected(wrong("--session-idle must not be greater than --session-stale"));

  out.store = *store;
  if (!flags.fdb_lib.empty()) out.store.library = flags.fdb_lib;
  out.app.read_only = switches().at(flags.read_only);
  out.log_level = levels().at(flags.log_level);
  out.app.server.threads = flags.threads;
  out.app.server.feed_deflates = switches().at(flags.feed_compression);
  out.app.slow = std::chrono::milliseconds(flags.slow_ms);
  out.app.workers = flags.threads;
  if (!flags.registration.empty()) out.app.registration = registrations().at(flags.registration);
  if (!flags.issuer.empty()) out.app.issuer = flags.issuer;
  out.app.leases.thresholds = {.idle_permille = permille(flags.session_idle),
                               .stale_permille = permille(flags.session_stale)};
  out.app.leases.grace = std::chrono::milliseconds(flags.expiry_grace_ms);
  auto const rate = [](double per_second) {
    return Rate{.per_second = per_second, .burst = std::max(1.0, per_second * limits::kBurstSeconds)};
  };
  out.app.rates = {.caller = rate(flags.rate_caller), .address = rate(flags.rate_address)};
  out.app.tenant_rate = rate(flags.rate_tenant);
  out.app.quotas = {.sessions = flags.quota_sessions,
                    .claims = flags.quota_claims,
                    .events_per_minute = flags.quota_events_per_minute,
                    .storage_bytes = {}};
  if (flags.quota_storage_bytes > 0) out.app.quotas.storage_bytes = flags.quota_storage_bytes;
  if (!flags.bootstrap_file.empty())
    out.app.bootstrap_file = std::filesystem::absolute(flags.bootstrap_file);
  else if (store->kind == db::StoreAddress::Kind::rocks)
    out.app.bootstrap_file = store->path / "bootstrap.json";
  out.in_force = settings_in_force(*app, others);
  return out;
}

std::string serve_settings_markdown() {
  Flags flags;
  return settings_markdown(*make_parser(flags));
}

std::vector<OptionInfo> serve_option_infos() {
  Flags flags;
  return option_infos(*make_parser(flags));
}

}  // namespace codi::gateway
