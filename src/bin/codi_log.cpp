#include "base/process.hpp"
#include "cli/cli.hpp"

int main(int argc, char** argv) {
  codi::forbid_core_dumps();
  return codi::cli::run_codi_log(argc, argv);
}
