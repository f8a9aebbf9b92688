#include <carillon/detail/use_tuple.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/assert.hpp>

#include <array>
#include <http/server_connection.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <utility>

namespace asio = boost::asio;

namespace carillon::test {
namespace {

using carillon::detail::use_tuple;

/// The length of what comes first in each record of TLS (RFC 8446 section 5.1).
constexpr std::size_t record_head_bytes = 5;

/** Notes for @ref server_connection the name that a ClientHello asks for: SSL_get_servername() does
 * not tell it where a session of TLS 1.2 is resumed. */
int note_server_name(SSL* ssl, int*, void*)
{
    // Before the name come two lengths and a kind (RFC 6066 section 3).
    constexpr std::size_t head_bytes = 5;
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    const int found = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size);
    if (found == 1 && size > head_bytes) {
        static_cast<std::string*>(SSL_get_ex_data(ssl, 0))->assign(data + head_bytes, data + size);
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

/** Why an operation failed. */
error_code error_of(int ssl_error)
{
    if (ssl_error == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
    const auto code = static_cast<int>(ERR_get_error());
    return code != 0 ? error_code(code, asio::error::get_ssl_category()) : asio::error::fault;
}

std::string subject_of(const X509* certificate)
{
    if (certificate == nullptr) return {};
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

} // namespace

/** TLS between two memories, whose bytes the connection carries. */
struct server_connection::tls_end {
    explicit tls_end(const tls_server& tls) : server(tls)
    {
        SSL_set_bio(ssl.get(), in, out);
        SSL_set_accept_state(ssl.get());
    }

    void give(std::string_view bytes)
    {
        BIO_write(in, bytes.data(), static_cast<int>(bytes.size()));
    }

    std::string take()
    {
        std::string bytes(BIO_ctrl_pending(out), '\0');
        BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }

    /** Gives 0, or the reason for which an operation did not succeed. */
    int perform(const tls_operation& op)
    {
        // The client under test runs on the same thread and may have left errors.
        ERR_clear_error();
        const int result = op(ssl.get());
        return result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl.get(), result);
    }

    tls_server server;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl{
        SSL_new(server.context().native_handle()), SSL_free};
    BIO* in = BIO_new(BIO_s_mem()); // both belong to the above
    BIO* out = BIO_new(BIO_s_mem());
};

server_connection::server_connection(socket_type socket, std::size_t number)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), number_(number)
{}

asio::awaitable<bool> server_connection::read_some()
{
    if (!tls_) {
        const error_code ec = co_await read_plain(buffer_);
        co_return !ec;
    }
    std::array<char, 4096> chunk{};
    std::size_t n = 0;
    tls_operation reads = [&](SSL* s) { return SSL_read_ex(s, chunk.data(), chunk.size(), &n); };
    const error_code ec = co_await perform(std::move(reads));
    buffer_.append(chunk.data(), n);
    co_return !ec;
}

asio::awaitable<bool> server_connection::read_as_far_as(std::size_t size)
{
    bool goes_on = true;
    while (goes_on && buffer_.size() < size) goes_on = co_await read_some();
    co_return goes_on;
}

asio::awaitable<bool> server_connection::write(std::string_view text)
{
    if (!tls_) {
        const error_code ec = co_await write_plain(text);
        co_return !ec;
    }
    std::size_t n = 0;
    tls_operation writes = [&](SSL* s) { return SSL_write_ex(s, text.data(), text.size(), &n); };
    const error_code ec = co_await perform(std::move(writes));
    co_return !ec;
}

asio::awaitable<bool> server_connection::wait_until(time_point then)
{
    if (is_stopped_) co_return false;
    timer_.expires_at(then);
    auto [ec] = co_await timer_.async_wait(use_tuple);
    co_return !ec && !is_stopped_;
}

void server_connection::stop()
{
    is_stopped_ = true;
    timer_.cancel();
}

std::shared_ptr<server_connection::tls_end> server_connection::make_end(const tls_server& tls)
{
    auto end = std::make_shared<tls_end>(tls);
    asked_name_.clear();
    SSL_set_ex_data(end->ssl.get(), 0, &asked_name_);
    SSL_CTX_set_client_hello_cb(tls.context().native_handle(), note_server_name, nullptr);
    return end;
}

asio::awaitable<tls_handshake> server_connection::handshake(tls_server tls)
{
    tls_ = make_end(tls);
    tls_->give(std::exchange(buffer_, {}));
    tls_operation accepts = SSL_accept;
    tls_handshake out{.connection = number_};
    out.ec = co_await perform(std::move(accepts));
    out.server_name = asked_name_;
    if (out.ec) {
        tls_ = nullptr;
        co_return out;
    }
    SSL* ssl = tls_->ssl.get();
    out.resumed = SSL_session_reused(ssl) == 1;
    out.client_subject = subject_of(SSL_get0_peer_certificate(ssl));
    out.version = SSL_get_version(ssl);
    co_return out;
}

asio::awaitable<bool> server_connection::half_handshake(tls_server tls, std::size_t bytes)
{
    bool goes_on = co_await read_record();
    if (!goes_on) co_return false;
    const auto end = make_end(tls);
    end->give(std::exchange(buffer_, {}));
    if (end->perform(SSL_accept) != SSL_ERROR_WANT_READ) co_return false;
    const std::string flight = end->take();
    goes_on = co_await write(std::string_view(flight).substr(0, bytes));
    co_return goes_on;
}

asio::awaitable<bool> server_connection::alert(std::uint8_t description)
{
    bool goes_on = co_await read_record();
    if (!goes_on) co_return false;
    buffer_.clear();
    // An alert (21) of TLS 1.2, two bytes long, fatal (RFC 8446 sections 5.1 and 6).
    std::string record("\x15\x03\x03\x00\x02\x02", 6);
    record += static_cast<char>(description);
    goes_on = co_await write(record);
    co_return goes_on;
}

asio::awaitable<bool> server_connection::close_notify()
{
    BOOST_ASSERT(tls_);
    // SSL_shutdown() gives 0 where the peer has not said so too.
    tls_operation closes = [](SSL* s) { return SSL_shutdown(s) < 0 ? -1 : 1; };
    const error_code ec = co_await perform(std::move(closes));
    co_return !ec;
}

asio::awaitable<error_code> server_connection::read_plain(std::string& to)
{
    std::array<char, 4096> chunk{};
    auto [ec, n] = co_await socket_.async_read_some(asio::buffer(chunk), use_tuple);
    to.append(chunk.data(), n);
    co_return ec;
}

asio::awaitable<error_code> server_connection::write_plain(std::string_view text)
{
    auto [ec, n] = co_await asio::async_write(socket_, asio::buffer(text), use_tuple);
    co_return ec;
}

/** Reads until the buffer has a whole record of TLS. */
asio::awaitable<bool> server_connection::read_record()
{
    bool goes_on = co_await read_as_far_as(record_head_bytes);
    if (!goes_on) co_return false;
    const auto byte = [this](std::size_t i) {
        return std::size_t{static_cast<unsigned char>(buffer_[i])};
    };
    goes_on = co_await read_as_far_as(record_head_bytes + byte(3) * 256 + byte(4));
    co_return goes_on;
}

/** Does an operation again and again, and in between carries its bytes, until it is done. */
asio::awaitable<error_code> server_connection::perform(tls_operation op)
{
    for (;;) {
        const int why = tls_->perform(op);
        const bool failed = why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ;
        const error_code failure = failed ? error_of(why) : error_code{};
        const std::string out = tls_->take(); // of a failure, the alert
        error_code ec = co_await write_plain(out);
        if (failure) co_return failure;
        if (ec || why == SSL_ERROR_NONE) co_return ec;
        std::string in;
        ec = co_await read_plain(in);
        if (ec) co_return ec;
        tls_->give(in);
    }
}

} // namespace carillon::test
