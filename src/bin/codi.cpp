#include "base/process.hpp"
#include "bin/documents.hpp"
#include "bin/serve_verb.hpp"
#include "cli/cli.hpp"
#include "gateway/serve.hpp"

#include <string_view>

int main(int argc, char** argv) {
  codi::forbid_core_dumps();
  std::string_view const first = argc > 1 ? argv[1] : "";
  if (first == "serve") return codi::gateway::serve(argc - 1, argv + 1, argv[0]);
  if (first == "write-documents" && argc == 3) return codi::write_documents(argv[2]);
  return codi::cli::run(argc, argv, {codi::serve_verb()});
}
