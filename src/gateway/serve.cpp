#include "gateway/serve.hpp"

#include "auth/private_file.hpp"
#include "base/build_info.hpp"
#include "base/failure.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "gateway/app.hpp"
#include "gateway/serve_options.hpp"
#include "gateway/service_manager.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace codi::gateway {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// Every thread inherits the mask: the signals wait until the main thread asks for them.
sigset_t block_signals() {
  sigset_t awaited;
  sigemptyset(&awaited);
  for (int const signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&awaited, signal);
  pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  return awaited;
}

void prepare_process() {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
  }
}

fs::path state_folder() {
  // NOLINTBEGIN(concurrency-mt-unsafe): nobody sets the environment
  if (char const* const state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return fs::path(state) / "codi";
  if (char const* const home = std::getenv("HOME"); home != nullptr && *home == '/')
    return fs::path(home) / ".local/state/codi";
  // NOLINTEND(concurrency-mt-unsafe)
  return {};
}

// Where a client of the same user on this machine finds the server when nothing else is set.
void note_for_clients(ServeOptions const& options, App const& app) {
  auto const folder = state_folder();
  if (folder.empty()) return;
  try {
    boost::json::object note;
    if (options.store.kind == db::StoreAddress::Kind::rocks) note["data_directory"] = options.store.path.string();
    if (auto const& file = options.app.bootstrap_file) note["bootstrap_file"] = file->string();
    note["server"] = app.url();
    if (auto const pin = app.key_pin()) note["key_pin"] = *pin;
    fs::create_directories(folder);
    auth::write_private_file(folder / "local.json", boost::json::serialize(note) + "\n");
  } catch (std::exception const& error) {
    log::write(log::Level::warn, "serve", "no_note_for_clients", {{"detail", error.what()}});
  }
}

std::string command_name(char const* program) {
  std::string_view const called = program;
  return called.find('/') == std::string_view::npos ? "codi" : std::string(called);
}

std::vector<std::string> addresses_of(App const& app) {
  std::vector<std::string> out;
  for (auto const& address : app.addresses()) out.push_back(to_string(address));
  return out;
}

// Where tokens could be read on the way; empty for nowhere.
std::string open_to_listeners(ServeOptions const& options, App const& app) {
  if (options.app.server.tls) return {};
  auto const& all = app.addresses();
  auto const found = std::ranges::find_if_not(all, &is_loopback);
  return found == all.end() ? std::string() : to_string(*found);
}

std::string data_of(db::StoreAddress const& store) {
  return store.kind == db::StoreAddress::Kind::rocks ? store.path.string() : "FoundationDB, " + store.path.string();
}

// How somebody comes to a first token where the start made none.
std::string first_token(ServeOptions const& options, std::string const& command) {
  return fmt::format(
      "the store has no tenant yet, and no --bootstrap-file names a file for its first tokens: register, or make an "
      "operator token with `{} operator-token --store {} --show-token`",
      command, to_string(options.store));
}

void greet(ServeOptions const& options, App const& app, std::string const& command) {
  auto const& file = options.app.bootstrap_file;
  std::string text = fmt::format("codi {} listens on {}\n", build_info().version, app.url());
  for (auto const& address : app.addresses())
    if (!address.path.empty() && to_string(address) != app.url())
      text += fmt::format("  socket     {}\n", to_string(address));
  text += fmt::format("  data       {}\n", data_of(options.store));
  if (file && fs::exists(*file))
    text += fmt::format("  token      {}{}\n", file->string(), app.bootstrapped() ? " (new)" : "");
  if (app.lacks_tenant()) text += fmt::format("\nNOTE: {}.\n\n", first_token(options, command));
  text += fmt::format("  reference  {}/docs\n\nTry, in a repository of yours:\n", app.url());
  text += fmt::format("  {0} claim README.md\n  {0} claims\n  {0} timeline --follow\n\n", command);
  if (auto const address = open_to_listeners(options, app); !address.empty())
    text += fmt::format(
        "WARNING: {} can be reached from other machines, and the connection is not encrypted:\n"
        "tokens and passwords can be read on the way. Give --tls-cert and --tls-key, put a TLS proxy in front, or "
        "listen on 127.0.0.1.\n\n",
        address);
  std::cout << text << std::flush;
}

json::object settings_in_force(ServeOptions const& options) {
  json::object out;
  for (auto const& setting : options.in_force)
    out[setting.name] = json::object{{"value", setting.value}, {"from", setting.source}};
  return out;
}

json::value certificate_end(App const& app) {
  auto const expires = app.certificate_expires();
  if (!expires) return nullptr;
  return json::string(fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(*expires))));
}

void log_start(ServeOptions const& options, App const& app, steady_clock::time_point started) {
  auto const info = build_info();
  log::write(
      log::Level::info, "serve", "started",
      {{"metadata",
        {{"version", info.version},
         {"commit", info.commit},
         {"build_time", info.time},
         {"listen", json::value_from(addresses_of(app))},
         {"tls_certificate_expires", certificate_end(app)},
         {"store", to_string(options.store)},
         {"threads", options.app.server.threads},
         {"settings", settings_in_force(options)},
         {"start_ms", std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - started).count()}}}});
  if (app.lacks_tenant())
    log::write(log::Level::warn, "serve", "no_tenant", {{"detail", first_token(options, "codi")}});
  if (!open_to_listeners(options, app).empty())
    log::write(
        log::Level::warn, "serve", "not_encrypted",
        {{"detail", "the server can be reached from other machines without TLS: tokens can be read on the way"}});
}

// What was in force stays in force when the new certificate can't be used.
void reload(ServeOptions const& options, App& app) {
  notify_reloading();
  try {
    app.reload();
    note_for_clients(options, app);
    log::write(log::Level::info, "serve", "reloaded",
               {{"metadata", {{"tls_certificate_expires", certificate_end(app)}}}});
  } catch (std::exception const& error) {
    log::write(log::Level::error, "serve", "reload_failed", {{"detail", error.what()}});
  }
  notify_service_manager("READY=1");
}

int run(ServeOptions const& options, char const* program, sigset_t const& awaited) {
  auto const started = steady_clock::now();
  App app(db::open_store(options.store), options.app);
  app.start();
  note_for_clients(options, app);
  log_start(options, app, started);
  greet(options, app, command_name(program));

  notify_service_manager("READY=1");

  int signal = 0;
  while (sigwait(&awaited, &signal) == 0 && signal == SIGHUP) reload(options, app);
  notify_service_manager("STOPPING=1");
  log::write(log::Level::info, "serve", "draining", {{"metadata", {{"signal", signal}}}});
  bool const clean = app.stop_and_drain();
  log::write(clean ? log::Level::info : log::Level::warn, "serve", "stopped",
             {{"metadata", {{"cut_connections", !clean}}}});
  return EXIT_SUCCESS;
}

}  // namespace

int serve(int argc, char const* const* argv, char const* program) {
  auto const options = parse_serve_options(argc, argv);
  if (!options) return options.error();
  keep_new_files_private();
  auto const awaited = block_signals();
  prepare_process();
  log::start(options->log_level);
  try {
    return run(*options, program, awaited);
  } catch (std::exception const& error) {
    log::write(log::Level::error, "serve", "failed", {{"detail", error.what()}});
    if (isatty(STDERR_FILENO) == 1) std::cerr << "codi serve: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace codi::gateway
