#!/usr/bin/env bash
# RabbitMQ, OAuth 2: a JWKS address that answers 503 with a JSON object takes all keys away, also those that it had. The status is not
# looked at, and an object without "keys" is a JWKS with none.
#
# Seen with RabbitMQ 3.10.8 on Erlang 25.2.3 (Debian 12); and with 4.0.5 of Debian 13, where this script was not run:
#   key a, in the JWKS:                           accepted
#   key b, new, while the JWKS is answered 503:   key_not_found
#   key a, still 503:                             key_not_found
#   key a, 503 with HTML, after keys were there:  accepted
#
# A good engineer would guess that a broker that can't fetch keys goes on with those that it has, as it does when nothing answers or
# the answer is no JSON. An issuer, or the proxy before it, that is unavailable for a moment at its first token of a new key has every
# token refused until a sign-in fetches the set again. Errors of a JWKS address should not be JSON objects.
#
# Runs in a folder of its own, on Debian 12, with packages of Debian that are only unpacked. What is run is the plugin itself, by
# Erlang, without a broker around it. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq rabbitmq-server erlang-{base,asn1,crypto,inets,public-key,ssl} 2>/dev/null
for package in *.deb; do dpkg -x "$package" .; done
sed -i "s|=/usr/lib/erlang|=$folder/usr/lib/erlang|" usr/lib/erlang/bin/erl
cat >check.erl <<'ERL'
-module(check).
-export([main/0]).

%% Answers each request with what `answer` is then.
serve(Socket) ->
    {ok, Client} = gen_tcp:accept(Socket),
    {ok, _} = gen_tcp:recv(Client, 0),
    {Status, Body} = persistent_term:get(answer),
    Length = integer_to_list(byte_size(Body)),
    gen_tcp:send(Client, ["HTTP/1.1 ", Status, "\r\nConnection: close\r\nContent-Length: ", Length, "\r\n\r\n", Body]),
    gen_tcp:close(Client),
    serve(Socket).

public(Id, Key) ->
    {_, Map} = jose_jwk:to_public_map(Key),
    Map#{<<"kid">> => Id}.

token(Id, Key) ->
    Claims = #{<<"aud">> => <<"broker">>, <<"scope">> => <<"broker.read:*/*">>},
    {_, Token} = jose_jws:compact(jose_jwt:sign(Key, #{<<"alg">> => <<"RS256">>, <<"kid">> => Id}, Claims)),
    Token.

verdict(Token) ->
    try uaa_jwt:decode_and_verify(Token) of
        {true, _} -> accepted;
        {error, Reason} -> Reason
    catch _:_ -> crashed
    end.

seen(Name, Token) ->
    Verdict = verdict(Token),
    io:format("~-46s~p~n", [Name, Verdict]),
    Verdict.

main() ->
    {ok, _} = application:ensure_all_started(jose),
    {ok, _} = application:ensure_all_started(inets),
    {ok, Socket} = gen_tcp:listen(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Socket),
    spawn_link(fun() -> serve(Socket) end),
    Url = "http://127.0.0.1:" ++ integer_to_list(Port) ++ "/keys",
    application:set_env(rabbitmq_auth_backend_oauth2, key_config, [{jwks_url, Url}]),
    [A, B] = [jose_jwk:generate_key({rsa, 2048}) || _ <- [a, b]],
    Jwks = {"200 OK", jose:encode(#{<<"keys">> => [public(<<"a">>, A)]})},
    Down = "503 Service Unavailable",
    persistent_term:put(answer, Jwks),
    First = seen("key a, in the JWKS:", token(<<"a">>, A)),
    persistent_term:put(answer, {Down, <<"{\"error\":\"temporarily_unavailable\"}">>}),
    Second = seen("key b, new, while the JWKS is answered 503:", token(<<"b">>, B)),
    Third = seen("key a, still 503:", token(<<"a">>, A)),
    persistent_term:put(answer, Jwks),
    accepted = verdict(token(<<"a">>, A)),
    persistent_term:put(answer, {Down, <<"<p>Service Unavailable</p>">>}),
    verdict(token(<<"b">>, B)),
    Fourth = seen("key a, 503 with HTML, after keys were there:", token(<<"a">>, A)),
    case {First, Second, Third, Fourth} of
        {accepted, key_not_found, key_not_found, accepted} -> halt(0);
        _ -> halt(1)
    end.
ERL
plugins=(usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins/{jose,jsx,base64url,rabbitmq_auth_backend_oauth2}-*/ebin)
usr/lib/erlang/bin/erl -noinput -pa . "${plugins[@]}" -eval '{ok, check} = compile:file("check"), check:main().'
