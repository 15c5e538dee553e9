// history_worker URL TOKEN PLAN FIRST CLIENTS: so many clients of one history, in a process of their own. PLAN is JSON.
// Each call and each session that is left becomes a line of JSON on stdout.
#include "histories/history_client.hpp"
#include "histories/seen_json.hpp"
#include "histories/served_world.hpp"

#include <curl/curl.h>

#include <cstdio>
#include <thread>

namespace codi::testing {
namespace {

class ToldStage final : public Stage {
 public:
  void add(SeenCall call) override {
    tell({{"call", to_json(call)}});
    Stage::add(std::move(call));
  }
  void leave(std::string const& session) override { tell({{"left", session}}); }

 private:
  void tell(json::object const& what) {
    std::lock_guard const lock(mutex_);
    std::printf("%s\n", json::serialize(what).c_str());
    std::fflush(stdout);
  }
  std::mutex mutex_;
};

void run(std::string const& url, std::string const& token, json::object const& told, std::size_t first,
         std::size_t clients) {
  ClientPlan const plan{.seed = told.at("seed").to_number<std::uint64_t>(),
                        .project = std::string(told.at("project").as_string()),
                        .operations = told.at("operations").to_number<std::size_t>(),
                        .session_ttl_seconds = told.at("session_ttl_seconds").to_number<std::int64_t>(),
                        .claim_ttl_seconds = told.at("claim_ttl_seconds").to_number<std::int64_t>(),
                        .priorities = told.at("priorities").as_bool()};
  ToldStage stage;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < clients; ++i)
    threads.emplace_back([&, i] {
      ServedWorld world(url, token);
      HistoryClient(world, stage, plan, first + i).run();
    });
}

}  // namespace
}  // namespace codi::testing

int main(int argc, char** argv) {
  std::vector<std::string> const words(argv + 1, argv + argc);
  if (words.size() != 5) return 2;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  codi::testing::run(words[0], words[1], boost::json::parse(words[2]).as_object(), std::stoul(words[3]),
                     std::stoul(words[4]));
  return 0;
}
