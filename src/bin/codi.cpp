#include "cli/cli.hpp"
#include "gateway/serve.hpp"

#include <string_view>

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "serve") return codi::gateway::serve(argc - 1, argv + 1, argv[0]);
  return codi::cli::run(argc, argv);
}
