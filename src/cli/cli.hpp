#pragma once
#include "cli/catalog.hpp"
#include "cli/outcome.hpp"
#include "cli/shell.hpp"

#include <string>
#include <vector>

namespace codi::cli {

/// `codi` without `serve`: runs one verb and returns its exit status. Catches everything.
int run(int argc, char** argv);

/// `codi-log "<SESSION>: <text>" ["<ACTION>"]`; see log_writer.hpp. Catches everything.
int run_codi_log(int argc, char** argv);

/// The same as run(), with everything that it meets given (tests).
int run(Shell& shell, Catalog catalog, std::vector<std::string> arguments);

/// The same as run_codi_log(), with everything that it meets given (tests).
int run_codi_log(Shell& shell, Catalog catalog, std::vector<std::string> arguments);

/// Tells a person on stderr why a command has ended: what, its details, what can be done.
void print_complaint(Shell& shell, std::string_view program, Complaint const& complaint);

}  // namespace codi::cli
