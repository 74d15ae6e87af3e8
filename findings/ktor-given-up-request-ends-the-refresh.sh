#!/usr/bin/env bash
# Ktor's client, bearer authentication: a request that is given up while it refreshes ends the refresh with it, and the new tokens are
# lost. The next request sends the refresh token that was used already.
#
# Seen with ktor-client-auth 3.5.2, the first request given up after 0.6 s, and a token service that takes a second and replaces each
# refresh token. What was sent to it, and what came of the two requests:
#   refreshTokens:                refresh-1 refresh-1   given up, 401
#   nonCancellableRefresh = true: refresh-1             given up, 200
#
# Requests that find a token expired share one refresh, so a good engineer would guess that it belongs to the client, not to the request
# that was first. But it runs in that one: a person who leaves the screen, a time-out or a row that scrolls away cancels it, after the
# service has replaced the refresh token. One that takes the second use for a theft ends the session, and the person signs in again. It
# looks as if the service forgot sessions on slow networks. The option that prevents it is off by default, and older versions, such as
# 3.3.0, don't have it. Write the new tokens to their store within refreshTokens, for the case that the program ends.
#
# Runs in a folder of its own, with artifacts of Maven Central. Needs Java 17 and Maven. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>check</groupId><artifactId>check</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.ktor</groupId><artifactId>ktor-client-auth-jvm</artifactId><version>3.5.2</version></dependency>
    <dependency><groupId>io.ktor</groupId><artifactId>ktor-client-cio-jvm</artifactId><version>3.5.2</version></dependency>
    <dependency><groupId>org.jetbrains.kotlin</groupId><artifactId>kotlin-compiler-embeddable</artifactId><version>2.4.21</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.17</version></dependency>
  </dependencies>
</project>
XML
cat >Check.kt <<'KT'
import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import io.ktor.client.HttpClient
import io.ktor.client.engine.cio.CIO
import io.ktor.client.plugins.auth.Auth
import io.ktor.client.plugins.auth.providers.BearerTokens
import io.ktor.client.plugins.auth.providers.RefreshTokensParams
import io.ktor.client.plugins.auth.providers.bearer
import io.ktor.client.request.forms.submitForm
import io.ktor.client.request.get
import io.ktor.client.statement.bodyAsText
import io.ktor.http.parameters
import java.net.InetSocketAddress
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executors
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull

val sent = CopyOnWriteArrayList<String>()
var url = ""
var stored = BearerTokens("", "")

fun answer(exchange: HttpExchange, status: Int, body: String) {
    exchange.responseHeaders.set("Content-Type", "application/json")
    if (status == 401) exchange.responseHeaders.set("WWW-Authenticate", "Bearer error=\"invalid_token\"")
    exchange.sendResponseHeaders(status, body.length.toLong())
    exchange.responseBody.write(body.toByteArray())
    exchange.close()
}

suspend fun RefreshTokensParams.refresh(): BearerTokens? {
    val form = parameters {
        append("grant_type", "refresh_token")
        append("refresh_token", oldTokens!!.refreshToken!!)
    }
    val body = client.submitForm("$url/token", form) { markAsRefreshTokenRequest() }.bodyAsText()
    if ("invalid_grant" in body) return null
    stored = BearerTokens("access-2", "refresh-2")
    return stored
}

fun show(name: String, option: Boolean) = runBlocking {
    sent.clear()
    stored = BearerTokens("access-1", "refresh-1")
    val client = HttpClient(CIO) {
        install(Auth) {
            bearer {
                loadTokens { stored }
                refreshTokens { refresh() }
                nonCancellableRefresh = option
            }
        }
    }
    client.get("$url/open")
    val first = withTimeoutOrNull(600) { client.get("$url/api").status.value } ?: "given up"
    delay(2000)
    val second = client.get("$url/api").status.value
    println("%-29s %-21s %s".format("$name:", sent.joinToString(" "), "$first, $second"))
    client.close()
}

fun main() {
    val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)
    server.executor = Executors.newCachedThreadPool()
    server.createContext("/token") { exchange ->
        val token = String(exchange.requestBody.readAllBytes()).substringAfter("&refresh_token=")
        sent.add(token)
        val again = sent.count { it == token } > 1
        Thread.sleep(1000)
        if (again) answer(exchange, 400, """{"error":"invalid_grant"}""")
        else answer(exchange, 200, """{"access_token":"access-2","refresh_token":"refresh-2","token_type":"Bearer","expires_in":600}""")
    }
    server.createContext("/open") { exchange -> answer(exchange, 200, "{}") }
    server.createContext("/api") { exchange ->
        answer(exchange, if (exchange.requestHeaders.getFirst("Authorization") == "Bearer access-2") 200 else 401, "{}")
    }
    server.start()
    url = "http://127.0.0.1:${server.address.port}"
    // So that no class is loaded within the time of the first request.
    runBlocking { HttpClient(CIO).use { it.submitForm("$url/open", parameters { append("a", "b") }).bodyAsText() } }
    show("refreshTokens", false)
    show("nonCancellableRefresh = true", true)
    System.exit(0)
}
KT
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >/dev/null
libraries=$(printf '%s:' lib/*.jar)
java -cp "lib/*" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -nowarn -no-stdlib -no-reflect -cp "$libraries" -d out Check.kt
timeout 60 java -cp "out:lib/*" CheckKt | tee seen
diff - seen <<'SEEN'
refreshTokens:                refresh-1 refresh-1   given up, 401
nonCancellableRefresh = true: refresh-1             given up, 200
SEEN
