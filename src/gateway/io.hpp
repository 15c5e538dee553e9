#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

/// The concrete Asio types of this folder: an io_context's own executor everywhere, so that nothing is type-erased.
namespace codi::gateway {

namespace asio = boost::asio;

/// Every socket, timer and coroutine of this folder is one of these.
using Executor = asio::io_context::executor_type;
/// TCP and Unix sockets alike.
using Protocol = asio::generic::stream_protocol;
using Socket = asio::basic_stream_socket<Protocol, Executor>;
using Acceptor = asio::basic_socket_acceptor<Protocol, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <class T = void>
using Awaitable = asio::awaitable<T, Executor>;

/// Completes with a tuple that begins with the error code: what a peer does is no exception.
using UseTuple = asio::as_tuple_t<asio::use_awaitable_t<Executor>>;
inline constexpr UseTuple use_tuple{};

}  // namespace codi::gateway
