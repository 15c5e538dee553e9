#include "bin/documents.hpp"

#include "bin/serve_verb.hpp"
#include "cli/cli.hpp"
#include "cli/reference.hpp"
#include "cli/verbs.hpp"
#include "gateway/serve_options.hpp"

#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>

namespace codi {
namespace {

namespace fs = std::filesystem;

void write(fs::path const& file, std::string const& text) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.exceptions(std::ios::failbit | std::ios::badbit);
  out << text << std::flush;
}

void write_all(fs::path const& folder) {
  auto verbs = cli::all_verbs(cli::Catalog(api::operations()));
  auto const options = gateway::serve_option_infos();
  write(folder / "man/man1/codi.1", cli::codi_manual(verbs));
  write(folder / "man/man1/codi-log.1", cli::codi_log_manual());
  write(folder / "man/man5/codi.toml.5", gateway::settings_manual(options));
  write(folder / "man/man8/codi-serve.8", cli::verb_manual(serve_verb(), 8));
  write(folder / "codi.toml", gateway::settings_toml(options, {{"store", "\"rocksdb:/var/lib/codi/data\""}}));
  verbs.push_back(serve_verb());
  write(folder / "completions/codi", cli::completion_script(verbs, "bash"));
  write(folder / "completions/_codi", cli::completion_script(verbs, "zsh"));
  write(folder / "completions/codi.fish", cli::completion_script(verbs, "fish"));
}

}  // namespace

int write_documents(fs::path const& folder) {
  try {
    write_all(folder);
    return EXIT_SUCCESS;
  } catch (std::exception const& failure) {
    std::cerr << "codi: can't write the documents below " << folder.string() << ": " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace codi
