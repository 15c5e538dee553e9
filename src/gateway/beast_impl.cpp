// The one translation unit that holds the bodies of Asio and Beast: with separate compilation every other one
// includes declarations only.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
