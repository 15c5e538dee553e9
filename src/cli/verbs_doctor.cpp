#include "base/limits.hpp"
#include "cli/doctor.hpp"
#include "cli/http.hpp"
#include "cli/http_look.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codi::cli {
namespace {

std::string_view word_of(Health health) {
  switch (health) {
    case Health::ok: return "ok";
    case Health::warn: return "warn";
    case Health::fail: return "fail";
  }
  return "fail";
}

Tone tone_of(Health health) {
  if (health == Health::ok) return Tone::green;
  return health == Health::warn ? Tone::yellow : Tone::red;
}

// Without git, retries or a token: it is asked every few seconds. A server of this machine need not have a certificate
// for its loopback address.
Outcome<> ask_ready(Context& context) {
  auto const settings = read_settings(context.shell(), context.flags(), std::nullopt);
  if (!settings) return std::unexpected(settings.error());
  constexpr unsigned kOk = 200;
  auto const answer = Http().perform({.method = "GET",
                                      .server = settings->server,
                                      .target = "/readyz",
                                      .headers = {},
                                      .trust = {.ca_file = settings->ca_file, .anyone = is_loopback(settings->server)},
                                      .time = limits::kDoctorAnswerTime});
  bool const ready = answer && answer->status == kOk;
  if (context.json()) context.print_json(json::object{{"ready", ready}});
  if (ready) return {};
  return complain(Exit::failed, fmt::format("{} is not ready: {}", settings->server,
                                            answer ? fmt::format("HTTP {}", answer->status) : answer.error().what));
}

Outcome<> doctor(Context& context, Arguments const& arguments) {
  if (arguments.has("ready")) return ask_ready(context);
  auto config = arguments.one("config");
  if (!config && arguments.has("store")) config = context.shell().variable("CODI_CONFIG");
  DoctorTarget const target{.store = arguments.one("store"),
                            .config = config ? std::optional(context.shell().directory / *config) : std::nullopt};
  Checks checks;
  // On a server's machine what is asked about is the server, whether it runs or not.
  if (!target.store && !target.config) {
    check_user_files(context, checks);
    check_server(context, checks);
  }
  check_machine(context, target, checks);
  if (context.json())
    context.print_json(json::object{{"checks", as_json(checks)}});
  else
    print_checks(context, checks);
  bool const failed = std::ranges::any_of(checks, [](Check const& check) { return check.health == Health::fail; });
  if (failed) return complain(Exit::failed, "");
  return {};
}

}  // namespace

json::array as_json(Checks const& checks) {
  json::array out;
  for (auto const& check : checks)
    out.push_back(json::object{{"name", check.name},
                               {"status", json::string(word_of(check.health))},
                               {"detail", check.detail},
                               {"hint", check.hint.empty() ? json::value(nullptr) : json::value(check.hint)}});
  return out;
}

void print_checks(Context const& context, Checks const& checks) {
  auto& out = context.shell().out;
  auto const style = context.out_style();
  for (auto const& check : checks) {
    out << style.paint(tone_of(check.health), fmt::format("{:<4}", word_of(check.health)))
        << fmt::format("  {:<12}  {}\n", check.name, check.detail);
    if (!check.hint.empty()) out << style.paint(Tone::dim, fmt::format("{:20}{}", "", check.hint)) << '\n';
  }
}

std::vector<Verb> doctor_verbs() {
  return {{.words = "doctor",
           .summary = "Look for what is wrong here, and say what to do about it",
           .description =
               "Looks at the user's files and their modes, the repository, the server (reachable, ready, version, "
               "clock, certificate, token) and, where the server runs, at its folder, store, disk and open files. With "
               "--store or --config it looks at a server's machine alone, also while no server runs; nothing is "
               "changed. One line each: `ok`, `warn` or `fail`. Exits 1 when something failed, a server that does not "
               "answer too, and 0 with warnings.",
           .options =
               {{.name = "store", .doc = "The store of a server: rocksdb:FOLDER or fdb:FILE.", .value_name = "STORE"},
                {.name = "config",
                 .doc = "The settings file of a server; with it the certificate and key that it names.",
                 .value_name = "FILE"},
                {.name = "ready",
                 .doc = "Only ask whether the server can write; needs no token, and on this machine no certificate. "
                        "For health checks.",
                 .take = Take::flag}},
           .examples = {{"codi doctor"},
                        {"sudo -u codi codi doctor --config /etc/codi/codi.toml", "on the server's machine"},
                        {"codi doctor --ready"}},
           .run = &doctor}};
}

}  // namespace codi::cli
