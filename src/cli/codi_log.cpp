#include "base/build_info.hpp"
#include "cli/argv.hpp"
#include "cli/cli.hpp"
#include "cli/gate_words.hpp"
#include "cli/json_access.hpp"
#include "cli/log_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iostream>
#include <utility>

namespace codi::cli {
namespace {

constexpr std::string_view kHelp =
    R"help(Writes a line to the work log, and does what it says.

Usage: codi-log "<SESSION>: <text>" ["<ACTION>"] [options]

  SESSION_START           starts the session; a session that ends in -N gets the next number, which is
                          printed as `export SESSION_ID=…`. Later lines with the same -N go to it.
  FILE_CLAIM PATH…        claims files and directories (`src/api/`), relative to the repository's root
  FILE_RELEASE PATH…      releases them
  … 50%, COVERAGE 92.5%   become data.progress and data.coverage
  COMPLETE …              marks the session's work complete
  HANDOFF to ROLE         offers the work, with the session's claims, to a role
  SESSION_END             ends the session
  Without an action the verb that opens the text counts, else INFO.

While the server is away lines are kept and sent later, in order and once. Claims and handoffs are
refused then (exit 4).

Options:
  --server URL, --token TOKEN, --project PROJECT, --ca-file FILE   as for codi
  --flush     send the lines that wait, and no other
  --json      print the answer as JSON and nothing else
  --quiet     no warnings
  --help, --version

Examples:
  eval "$(codi-log "RUST-DEVELOPER-SESSION-N: Starting" SESSION_START)"
  codi-log "$SESSION_ID: FILE_CLAIM src/api/users.rs" FILE_CLAIM
  codi-log "$SESSION_ID: users endpoint 50%" DEVELOPMENT

Exit status: 0 done or kept, 1 failed, 2 usage, 3 refused by a conflict or a rule, 4 server not reachable.
)help";

struct Request {
  Arguments settings;
  std::vector<std::string> words;
  bool flush = false;
  bool quiet = false;
  bool help = false;
  bool version = false;
};

std::unexpected<Complaint> usage(std::string what) {
  return complain(Exit::usage, std::move(what),
                  {R"(A line: codi-log "RUST-DEVELOPER-SESSION-7: Tests pass" "TEST"; see codi-log --help.)"});
}

// By hand: it takes a handful of options, is called for every line, and must start fast.
Outcome<Request> read_arguments(std::vector<std::string> const& arguments) {
  constexpr std::array<std::string_view, 4> kValued{"server", "token", "project", "ca-file"};
  Request out;
  bool only_words = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto const& argument = arguments[i];
    if (only_words || !argument.starts_with("--")) {
      out.words.push_back(argument);
      continue;
    }
    auto const equals = argument.find('=');
    auto const name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (std::ranges::find(kValued, name) != kValued.end()) {
      if (equals == std::string::npos && i + 1 == arguments.size()) return usage(argument + " needs a value");
      out.settings.add(name, equals == std::string::npos ? arguments[++i] : argument.substr(equals + 1));
    } else if (name == "json") {
      out.settings.add("json", "true");
    } else if (name.empty() || name == "flush" || name == "quiet" || name == "help" || name == "version") {
      only_words = name.empty();
      out.flush = out.flush || name == "flush";
      out.quiet = out.quiet || name == "quiet";
      out.help = out.help || name == "help";
      out.version = out.version || name == "version";
    } else {
      return usage("there is no option " + argument);
    }
  }
  return out;
}

Outcome<> flush(Context& context) {
  auto const count = LogWriter(context).flush();
  if (!count) return std::unexpected(count.error());
  if (context.json())
    context.print_json(json::object{{"sent", *count}});
  else
    context.shell().out << "sent " << *count << " lines that waited\n";
  return {};
}

void report(Context& context, WrittenLine const& written, bool quiet) {
  auto& shell = context.shell();
  if (written.waiting > 0) {
    if (context.json()) context.print_json(json::object{{"waiting", written.waiting}});
    if (!quiet)
      shell.err << fmt::format("codi-log: the server is away; the line is kept and sent later ({} wait)\n",
                               written.waiting);
    return;
  }
  if (context.json())
    context.print_json(written.answer, &context.catalog().at("write_line"));
  else if (written.new_alias)
    shell.out << "export SESSION_ID=" << *written.new_alias << '\n';
  auto const* const event = member_of(written.answer, "event");
  auto const* const data = event == nullptr ? nullptr : member_of(*event, "data");
  auto const verb = data == nullptr ? std::string() : text_of(*data, "mismatch");
  if (!verb.empty() && !quiet)
    shell.err << fmt::format("codi-log: warning: the text says {}, the action {}: the action counts\n", printable(verb),
                             printable(text_of(*event, "action")));
  if (data != nullptr && !quiet) warn_of_gates(shell.err, "codi-log", *data);
}

Outcome<> run_request(Shell& shell, Catalog const& catalog, Request const& request) {
  if (request.help) {
    shell.out << codi_log_help();
    return {};
  }
  if (request.version) {
    auto const build = build_info();
    shell.out << fmt::format("codi-log {} (commit {}, {})\n", build.version, build.commit, build.time);
    return {};
  }
  Context context(shell, catalog, {}, request.settings);
  if (request.flush) return request.words.empty() ? flush(context) : usage("--flush takes no line");
  if (request.words.empty()) return usage("the line is missing");
  if (request.words.size() > 2) return usage("a line and an action are all: put the line in quotes");
  auto const& message = request.words[0];
  auto const action = request.words.size() > 1 ? request.words[1] : std::string();
  auto const line = coordination::parse_log_line(message, action);
  if (!line) return usage(line.error().detail);
  auto const written = LogWriter(context).write(*line, message, action);
  if (!written) {
    if (context.json() && !written.error().problem.empty()) context.print_json(written.error().problem);
    return std::unexpected(written.error());
  }
  report(context, *written, request.quiet);
  return {};
}

}  // namespace

std::string_view codi_log_help() { return kHelp; }

int run_codi_log(Shell& shell, Catalog catalog, std::vector<std::string> arguments) {
  Complaint complaint;
  try {
    auto const request = read_arguments(arguments);
    auto const done = request ? run_request(shell, catalog, *request) : Outcome<>(std::unexpected(request.error()));
    shell.out.flush();
    if (done) return static_cast<int>(Exit::done);
    complaint = done.error();
  } catch (std::exception const& failure) {
    complaint.what = failure.what();
  }
  print_complaint(shell, "codi-log", complaint);
  return static_cast<int>(complaint.exit);
}

int run_codi_log(int argc, char** argv) {
  try {
    auto shell = this_shell();
    return run_codi_log(shell, Catalog(api::operations()), take_arguments(argc, argv));
  } catch (std::exception const& failure) {
    std::cerr << failure.what();
    return static_cast<int>(Exit::failed);
  }
}

}  // namespace codi::cli
