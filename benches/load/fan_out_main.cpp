// codi_feed_load: carries out the plan of its standard input's first line, one message to many subscribers, and prints
// what was measured as JSON. See docs/benchmarks.md.
#include "base/process.hpp"
#include "fan_out.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

int main() {
  codi::take_short_turns();
  try {
    std::string plan;
    std::getline(std::cin, plan);
    codi::load::FanOut load(codi::load::read_fan_out_plan(boost::json::parse(plan)));
    std::cout << boost::json::serialize(load.run()) << '\n';
    return EXIT_SUCCESS;
  } catch (std::exception const& error) {
    std::cerr << "codi_feed_load: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
