#pragma once
#include "cli/catalog.hpp"
#include "cli/outcome.hpp"
#include "cli/shell.hpp"
#include "cli/verb.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace codi::cli {

/// `codi`: runs one verb and returns its exit status. Catches everything. `others` are verbs that another layer runs;
/// here they are listed, completed and explained.
int run(int argc, char** argv, std::vector<Verb> others);

/// `codi-log "<SESSION>: <text>" ["<ACTION>"]`; see log_writer.hpp. Catches everything.
int run_codi_log(int argc, char** argv);

/// The same as run(), with everything that it meets given (tests).
int run(Shell& shell, Catalog catalog, std::vector<std::string> arguments, std::vector<Verb> others = {});

/// The same as run_codi_log(), with everything that it meets given (tests).
int run_codi_log(Shell& shell, Catalog catalog, std::vector<std::string> arguments);

/// What `codi-log --help` prints.
std::string_view codi_log_help();

/// Tells a person on stderr why a command has ended: what, its details, what can be done.
void print_complaint(Shell& shell, std::string_view program, Complaint const& complaint);

}  // namespace codi::cli
