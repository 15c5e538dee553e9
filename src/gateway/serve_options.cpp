#include "gateway/serve_options.hpp"

#include "db/rocks/rocks_engine.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace codi::gateway {
namespace {

// What CLI11 fills, as text and numbers.
struct Flags {
  std::string listen = "127.0.0.1:7620";
  std::string store = "rocksdb:./data";
  std::string bootstrap_file;
  std::string issuer;
  std::string registration;
  std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  double session_idle = 1.0 / 3;
  double session_stale = 2.0 / 3;
  std::string log_level = "info";
};

std::map<std::string, api::Registration> registrations() {
  using enum api::Registration;
  return {{"open", open}, {"invited", invited}, {"closed", closed}};
}

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

void declare(CLI::App& app, Flags& flags) {
  app.add_option("--listen", flags.listen, "Address: HOST:PORT, [IPV6]:PORT or :PORT; port 0 lets the system choose")
      ->capture_default_str();
  app.add_option("--store", flags.store, "Where the data live: rocksdb:FOLDER")->capture_default_str();
  app.add_option("--bootstrap-file", flags.bootstrap_file,
                 "Where the first start writes its tokens (default: bootstrap.json in the store's folder)");
  app.add_option("--registration", flags.registration,
                 "Who may register (default: open while only this machine can connect)")
      ->transform(one_of(registrations()))
      ->type_name("MODE");
  app.add_option("--issuer", flags.issuer, "Issuer and audience of access tokens (default: the store's id)");
  app.add_option("--threads", flags.threads, "Threads that serve connections")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--session-idle", flags.session_idle, "Part of its ttl after which a silent session is idle")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--session-stale", flags.session_stale, "Part of its ttl after which it is stale; at 1 it ends")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--log-level", flags.log_level, "What is written to stderr")
      ->transform(one_of(levels()))
      ->type_name("LEVEL")
      ->capture_default_str();
  app.footer(
      "Examples:\n"
      "  codi serve                                          on 127.0.0.1:7620, with ./data\n"
      "  codi serve --listen :7620 --store rocksdb:/var/lib/codi --registration invited\n");
}

int wrong(std::string_view what) {
  std::cerr << "codi serve: " << what << "\nRun `codi serve --help` for the options.\n";
  return 2;
}

std::int64_t permille(double part) { return std::llround(part * 1000); }

}  // namespace

std::expected<ServeOptions, int> parse_serve_options(int argc, char const* const* argv) {
  Flags flags;
  CLI::App app("Runs the server: a store, an HTTP API on it, and a log of JSON lines on stderr", "codi serve");
  declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (CLI::CallForHelp const&) {
    std::cout << app.help();
    return std::unexpected(0);
  } catch (CLI::ParseError const& error) {
    return std::unexpected(wrong(error.what()));
  }

  ServeOptions out;
  auto address = parse_address(flags.listen);
  if (!address) return std::unexpected(wrong(address.error().detail));
  auto const directory = db::rocks_directory(flags.store);
  if (!directory)
    return std::unexpected(wrong(fmt::format("'{}' names no store of this build: use rocksdb:FOLDER", flags.store)));
  if (permille(flags.session_idle) > permille(flags.session_stale))
    return std::unexpected(wrong("--session-idle must not be greater than --session-stale"));

  out.store = std::filesystem::absolute(*directory).lexically_normal();
  out.log_level = levels().at(flags.log_level);
  out.app.server.listen = *std::move(address);
  out.app.server.threads = flags.threads;
  out.app.workers = flags.threads;
  if (app.count("--registration") > 0) out.app.registration = registrations().at(flags.registration);
  if (!flags.issuer.empty()) out.app.issuer = flags.issuer;
  out.app.leases.thresholds = {.idle_permille = permille(flags.session_idle),
                               .stale_permille = permille(flags.session_stale)};
  out.app.bootstrap_file =
      flags.bootstrap_file.empty() ? out.store / "bootstrap.json" : std::filesystem::absolute(flags.bootstrap_file);
  return out;
}

}  // namespace codi::gateway
