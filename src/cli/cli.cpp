#include "cli/cli.hpp"

#include "base/failure.hpp"
#include "cli/argv.hpp"
#include "cli/context.hpp"
#include "cli/doctor.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"

#include <algorithm>
#include <exception>
#include <iostream>
#include <iterator>
#include <utility>

namespace codi::cli {
namespace {

Outcome<> run_command(Shell& shell, Catalog const& catalog, std::vector<std::string> arguments,
                      std::vector<Verb> others) {
  auto verbs = all_verbs(catalog);
  std::ranges::move(others, std::back_inserter(verbs));
  if (arguments.empty()) arguments.emplace_back("--help");
  // As people try it with other programs.
  if (arguments[0] == "--version") arguments[0] = "version";
  if (arguments[0] == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  auto const command = parse_command(verbs, std::move(arguments));
  if (!command) return std::unexpected(command.error());
  if (command->help) {
    shell.out << help_text(verbs, command->words);
    return {};
  }
  Context context(shell, catalog, verbs, command->arguments);
  auto done = command->verb->run(context, command->arguments);
  // With --json the refusal is the answer: scripts read the conflicts from it.
  if (!done && context.json() && !done.error().problem.empty()) context.print_json(done.error().problem);
  return done;
}

}  // namespace

std::vector<Verb> all_verbs(Catalog const& catalog) {
  std::vector<Verb> out;
  for (auto part : {setup_verbs(),
                    login_verbs(),
                    session_verbs(catalog),
                    claim_verbs(catalog),
                    claim_change_verbs(catalog),
                    ticket_verbs(catalog),
                    owner_verbs(),
                    role_verbs(),
                    role_set_verbs(),
                    report_verbs(catalog),
                    scorecard_verbs(),
                    workflow_verbs(catalog),
                    log_verbs(catalog),
                    watch_verbs(catalog),
                    handoff_verbs(catalog),
                    inbox_verbs(catalog),
                    guard_verbs(),
                    mcp_verbs(),
                    operator_verbs(),
                    doctor_verbs(),
                    information_verbs()})
    std::ranges::move(part, std::back_inserter(out));
  auto generic = generic_verbs(catalog, out);
  std::ranges::move(generic, std::back_inserter(out));
  return out;
}

int run(Shell& shell, Catalog catalog, std::vector<std::string> arguments, std::vector<Verb> others) {
  Complaint complaint;
  try {
    auto const done = run_command(shell, catalog, std::move(arguments), std::move(others));
    shell.out.flush();
    if (done && shell.out) return static_cast<int>(Exit::done);
    complaint = done ? Complaint{.what = "can't write the answer: is the disk full?"} : done.error();
  } catch (std::exception const& failure) {
    complaint.what = failure.what();
  }
  print_complaint(shell, "codi", complaint);
  return static_cast<int>(complaint.exit);
}

int run(int argc, char** argv, std::vector<Verb> others) {
  try {
    auto shell = this_shell();
    return run(shell, Catalog(api::operations()), take_arguments(argc, argv), std::move(others));
  } catch (std::exception const& failure) {
    std::cerr << failure.what();
    return static_cast<int>(Exit::failed);
  }
}

}  // namespace codi::cli
