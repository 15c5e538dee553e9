#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace codi::cli {

/// What a program left when it ended.
struct ProgramOutput {
  int status = 0;  ///< exit status; 128 and more when a signal ended it
  std::string out;
  std::string err;
};

/// Runs a program found on PATH, without a shell, with nothing on its input, and reads what it prints. Nothing when
/// there is no such program. Throws Failure when the machine can't run it.
std::optional<ProgramOutput> run_program(std::vector<std::string> const& command, std::filesystem::path const& folder,
                                         std::map<std::string, std::string> const& environment);

}  // namespace codi::cli
