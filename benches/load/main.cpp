// codi_load < PLAN: makes HTTP requests as a plan says, and prints what they took as JSON. See docs/benchmarks.md.
#include "base/process.hpp"
#include "plan.hpp"
#include "runner.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <iterator>

int main() {
  // One that works calmly must not wait for another that keeps the same processor busy: it would measure that.
  codi::take_short_turns();
  try {
    std::string const text{std::istreambuf_iterator<char>(std::cin), {}};
    codi::load::Runner runner(codi::load::read_plan(boost::json::parse(text)));
    std::cout << boost::json::serialize(runner.run()) << '\n';
    return EXIT_SUCCESS;
  } catch (std::exception const& error) {
    std::cerr << "codi_load: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
