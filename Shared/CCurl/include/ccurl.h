#pragma once
#include <curl/curl.h>

// Typed doors to libcurl's variadic functions, which Swift cannot call. Nothing else is decided here.
typedef size_t (*tocsin_bytes_callback)(char *bytes, size_t size, size_t count, void *context);
typedef curl_socket_t (*tocsin_socket_callback)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

CURLcode tocsin_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode tocsin_set_long(CURL *easy, CURLoption option, long value);
CURLcode tocsin_set_size(CURL *easy, CURLoption option, curl_off_t value);
CURLcode tocsin_set_pointer(CURL *easy, CURLoption option, void *value);
CURLcode tocsin_set_list(CURL *easy, CURLoption option, struct curl_slist *value);
CURLcode tocsin_set_bytes_callback(CURL *easy, CURLoption option, tocsin_bytes_callback value);
CURLcode tocsin_set_socket_callback(CURL *easy, CURLoption option, tocsin_socket_callback value);
CURLcode tocsin_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count);
CURLcode tocsin_get_long(CURL *easy, CURLINFO info, long *value);
CURLcode tocsin_get_size(CURL *easy, CURLINFO info, curl_off_t *value);
CURLcode tocsin_get_string(CURL *easy, CURLINFO info, const char **value);
CURLcode tocsin_get_pointer(CURL *easy, CURLINFO info, void **value);
CURLMcode tocsin_multi_set_long(CURLM *multi, CURLMoption option, long value);

// The address itself. Its storage is larger than the `struct sockaddr` that Swift would copy.
const struct sockaddr *tocsin_address(const struct curl_sockaddr *address);
