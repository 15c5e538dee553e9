#include "bin/serve_verb.hpp"

#include "gateway/serve_options.hpp"

namespace codi {

cli::Verb serve_verb() {
  cli::Verb out{
      .words = "serve",
      .summary = "Run the server",
      .description =
          "A store, an HTTP API on it, and a log of JSON lines on stderr. SIGTERM and SIGINT end it: requests under "
          "way are answered first, and the exit status is 0. Each option is also a variable (`CODI_LOG_LEVEL`) and a "
          "key of the file that --config names (`log_level = \"warn\"`).",
      .examples = {{"codi serve", "on 127.0.0.1:7620, with ./data"},
                   {"codi serve --listen :7620 --store rocksdb:/var/lib/codi/data --registration invited"},
                   {"codi serve --config /etc/codi/codi.toml"}},
      .run = [](cli::Context&, cli::Arguments const&) -> cli::Outcome<> {
        return cli::complain(cli::Exit::usage, "serve stands before its options: codi serve [options]");
      }};
  for (auto const& option : gateway::serve_option_infos())
    out.options.push_back({.name = option.flag,
                           .doc = option.doc + ".",
                           .take = option.value_name.empty() ? cli::Take::flag : cli::Take::text,
                           .path = option.value_name == "FILE" || option.value_name == "FOLDER",
                           .choices = option.choices,
                           .value_name = option.value_name});
  return out;
}

}  // namespace codi
