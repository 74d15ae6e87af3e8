#!/usr/bin/env bash
# Java's HttpURLConnection, and with it Nimbus' OAuth 2 SDK and ScribeJava: when a connection ends before the answer, they post the same
# form again, once and without a word. A refresh token or a signed assertion that may be used once is then used twice.
#
# Seen with oauth2-oidc-sdk 11.39 and scribejava 8.3.3 on Java 17 and 25, and a token service that takes each form once. The connection
# ends when the service has done its work, as when a proxy in between is restarted. What was sent, and what the program was told:
#   Nimbus, refresh token:            refresh-1 refresh-1    invalid_grant
#   ScribeJava, refresh token:        refresh-1 refresh-1    invalid_grant
#   Nimbus, private_key_jwt:          jti-1 jti-1            invalid_client
#   java.net.http.HttpClient:         refresh-1              IOException
#   with -Dsun.net.http.retryPost=false:
#   Nimbus, refresh token:            refresh-1              SocketException
#   ScribeJava, refresh token:        refresh-1              SocketException
#   Nimbus, private_key_jwt:          jti-1                  SocketException
#   java.net.http.HttpClient:         refresh-1              IOException
#
# A good engineer would guess that a POST is sent once, and that a lost answer is an IOException. A service that takes a second use of
# a refresh token for a theft ends the session, and neither the program nor its log has anything about a connection: it looks as if two
# threads had refreshed at once. It is so on new connections, not only on those that were kept open. Java reads the property once,
# for the whole process. Or give the library another HTTP client: ScribeJava's builder and Nimbus' `send` take one.
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
    <dependency><groupId>com.nimbusds</groupId><artifactId>oauth2-oidc-sdk</artifactId><version>11.39</version></dependency>
    <dependency><groupId>com.github.scribejava</groupId><artifactId>scribejava-core</artifactId><version>8.3.3</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.github.scribejava.core.builder.ServiceBuilder;
import com.github.scribejava.core.builder.api.DefaultApi20;
import com.github.scribejava.core.model.OAuth2AccessTokenErrorResponse;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.*;
import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import java.io.*;
import java.net.*;
import java.net.http.*;
import java.security.KeyPairGenerator;
import java.util.*;
import java.util.concurrent.*;

public class Check {
    static final List<String> forms = new CopyOnWriteArrayList<>();
    static ServerSocket server;

    /** Takes a form, and ends the connection before the answer. The same form again is refused. */
    static void serve() {
        while (true) {
            try (Socket socket = server.accept()) {
                InputStream in = socket.getInputStream();
                StringBuilder head = new StringBuilder();
                while (head.indexOf("\r\n\r\n") < 0) head.append((char) in.read());
                int length = head.toString().lines().filter(line -> line.toLowerCase().startsWith("content-length:"))
                    .mapToInt(line -> Integer.parseInt(line.substring(15).trim())).findFirst().orElse(0);
                String form = new String(in.readNBytes(length));
                forms.add(form);
                if (Collections.frequency(forms, form) == 1) continue;
                String body = "{\"error\":\"" + (form.contains("client_assertion") ? "invalid_client" : "invalid_grant") + "\"}";
                String answer = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ";
                socket.getOutputStream().write((answer + body.length() + "\r\n\r\n" + body).getBytes());
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    static String parameter(String form, String name) {
        for (String pair : form.split("&")) if (pair.startsWith(name + "=")) return pair.substring(name.length() + 1);
        return null;
    }

    static String id(String form) {
        try {
            String assertion = parameter(form, "client_assertion");
            return assertion == null ? parameter(form, "refresh_token") : SignedJWT.parse(assertion).getJWTClaimsSet().getJWTID();
        } catch (java.text.ParseException error) {
            throw new IllegalStateException(error);
        }
    }

    static void show(String name, Callable<String> call) {
        forms.clear();
        String result;
        try {
            result = call.call();
        } catch (OAuth2AccessTokenErrorResponse error) {
            result = error.getError().getErrorString();
        } catch (Exception error) {
            result = error.getClass().getSimpleName();
        }
        System.out.printf("%-33s %-22s %s%n", name + ":", String.join(" ", forms.stream().map(Check::id).toList()), result);
    }

    static String nimbus(URI url, ClientAuthentication client, AuthorizationGrant grant) throws Exception {
        TokenRequest request = new TokenRequest.Builder(url, client, grant).build();
        return TokenResponse.parse(request.toHTTPRequest().send()).toErrorResponse().getErrorObject().getCode();
    }

    public static void main(String[] words) throws Exception {
        server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        Thread thread = new Thread(Check::serve);
        thread.setDaemon(true);
        thread.start();
        URI url = URI.create("http://127.0.0.1:" + server.getLocalPort() + "/token");

        ClientSecretBasic basic = new ClientSecretBasic(new ClientID("app"), new Secret("secret"));
        show("Nimbus, refresh token", () -> nimbus(url, basic, new RefreshTokenGrant(new RefreshToken("refresh-1"))));

        var scribe = new ServiceBuilder("app").apiSecret("secret").build(new DefaultApi20() {
            public String getAccessTokenEndpoint() { return url.toString(); }
            protected String getAuthorizationBaseUrl() { return url.toString(); }
        });
        show("ScribeJava, refresh token", () -> scribe.refreshAccessToken("refresh-1").getAccessToken());

        KeyPairGenerator keys = KeyPairGenerator.getInstance("RSA");
        keys.initialize(2048);
        SignedJWT assertion = new SignedJWT(new com.nimbusds.jose.JWSHeader(JWSAlgorithm.RS256), new JWTClaimsSet.Builder().issuer("app")
            .subject("app").audience("https://login.example.com").jwtID("jti-1").expirationTime(new Date(System.currentTimeMillis() + 60_000)).build());
        assertion.sign(new RSASSASigner(keys.generateKeyPair().getPrivate()));
        show("Nimbus, private_key_jwt", () -> nimbus(url, new PrivateKeyJWT(assertion), new ClientCredentialsGrant()));

        HttpRequest request = HttpRequest.newBuilder(url)
            .POST(HttpRequest.BodyPublishers.ofString("grant_type=refresh_token&refresh_token=refresh-1")).build();
        show("java.net.http.HttpClient", () -> HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
        System.exit(0);
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >/dev/null
{
  java -cp "lib/*" Check.java
  echo 'with -Dsun.net.http.retryPost=false:'
  java -Dsun.net.http.retryPost=false -cp "lib/*" Check.java
} | tee seen
diff - seen <<'SEEN'
Nimbus, refresh token:            refresh-1 refresh-1    invalid_grant
ScribeJava, refresh token:        refresh-1 refresh-1    invalid_grant
Nimbus, private_key_jwt:          jti-1 jti-1            invalid_client
java.net.http.HttpClient:         refresh-1              IOException
with -Dsun.net.http.retryPost=false:
Nimbus, refresh token:            refresh-1              SocketException
ScribeJava, refresh token:        refresh-1              SocketException
Nimbus, private_key_jwt:          jti-1                  SocketException
java.net.http.HttpClient:         refresh-1              IOException
SEEN
