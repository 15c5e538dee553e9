#include "cli/cli.hpp"

int main(int argc, char** argv) { return codi::cli::run_codi_log(argc, argv); }
