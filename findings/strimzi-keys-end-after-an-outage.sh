#!/usr/bin/env bash
# Strimzi's OAuth library for Kafka: a broker's keys end a minute after a refresh that failed. From then on it refuses every good token,
# as one with an unknown key, also when the token service has been back for a while: the pauses between its attempts double.
#
# Seen with io.strimzi:kafka-oauth-server 0.17.1, oauth.jwks.refresh.seconds=18 and oauth.jwks.expiry.seconds=78, a minute more:
#    0 s        a broker starts
#    1 s        the token service is away
#    72 s       the token service is back
#    about 78 s refused: Unknown signing key, no request for the keys
#    about 85 s accepted
#
# The defaults are 300 and 360 s, and the expiry can't be less than a minute more than the refresh. An attempt that fails is repeated after
# 2, 4, 8, 16 s and so on, up to the refresh, and until then neither the timer nor a token with an unknown key makes another one. So by
# default an outage of little more than a minute, if it begins just before a refresh, is followed by another minute of refusals, and a
# longer one by more. A good engineer would guess that keys which were good are used while there is no answer, that the broker asks when a
# token names a key that it lacks, and that an outage does not look like a bad token: the client gets a SaslAuthenticationException.
#
# Set oauth.jwks.expiry.seconds to as long as an outage may last, such as 86400. Keys that left the set go at the next refresh all the same.
#
# Runs in a folder of its own, with artifacts of Maven Central. Needs Java 17 and Maven. Takes a minute and a half. Exit code 0: it is
# still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>check</groupId><artifactId>check</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.strimzi</groupId><artifactId>kafka-oauth-server</artifactId><version>0.17.1</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-clients</artifactId><version>4.1.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.nimbusds.jose.*;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.*;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.sun.net.httpserver.HttpServer;
import io.strimzi.kafka.oauth.server.JaasServerOauthValidatorCallbackHandler;
import java.net.InetSocketAddress;
import java.util.*;
import java.util.concurrent.atomic.AtomicInteger;
import javax.security.auth.callback.Callback;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;

public class Check {
    static volatile boolean away;
    static long start;

    static String token(RSAKey key, String issuer) throws Exception {
        long exp = System.currentTimeMillis() / 1000 + 600;
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("k").type(new JOSEObjectType("at+jwt")).build();
        JWSObject jws = new JWSObject(header, new Payload("{\"iss\":\"" + issuer + "\",\"sub\":\"s\",\"exp\":" + exp + "}"));
        jws.sign(new RSASSASigner(key));
        return jws.serialize();
    }

    static String says(JaasServerOauthValidatorCallbackHandler broker, String token) throws Exception {
        try {
            broker.handle(new Callback[] {new OAuthBearerValidatorCallback(token)});
            return "accepted";
        } catch (Exception error) {
            return "refused: " + error.getCause().getMessage().replace("Token validation failed: ", "").replace(" (kid:k)", "");
        }
    }

    static void line(String what) {
        long second = (System.currentTimeMillis() - start) / 1000;
        String about = second >= 76 && second <= 80 ? "about 78 s" : second > 82 && second < 89 ? "about 85 s" : second + " s";
        System.out.printf("%-10s %s%n", about, what);
    }

    public static void main(String[] arguments) throws Exception {
        RSAKey key = new RSAKeyGenerator(2048).keyID("k").keyUse(KeyUse.SIGNATURE).generate();
        AtomicInteger requests = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            byte[] body = new JWKSet(key.toPublicJWK()).toString().getBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(away ? 503 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        String base = "http://127.0.0.1:" + server.getAddress().getPort();
        var broker = new JaasServerOauthValidatorCallbackHandler();
        broker.configure(Map.of(), "OAUTHBEARER", List.of(new AppConfigurationEntry("m", AppConfigurationEntry.LoginModuleControlFlag.REQUIRED, Map.of(
            "oauth.valid.issuer.uri", base, "oauth.jwks.endpoint.uri", base + "/jwks", "oauth.check.access.token.type", "false",
            "oauth.jwks.refresh.seconds", "18", "oauth.jwks.expiry.seconds", "78"))));
        start = System.currentTimeMillis();
        line("a broker starts");
        String last = "accepted";
        for (int i = 1; i <= 90; i++) {
            Thread.sleep(Math.max(0, start + i * 1000L + 400 - System.currentTimeMillis()));
            if (i == 1) {
                away = true;
                line("the token service is away");
            } else if (i == 72) {
                away = false;
                requests.set(0);
                line("the token service is back");
            }
            String seen = says(broker, token(key, base));
            if (!seen.equals(last)) line(seen + (seen.equals("accepted") ? "" : requests.get() == 0 ? ", no request for the keys" : ", keys requested"));
            if (i > 72 && !last.equals("accepted") && seen.equals("accepted")) break;
            last = seen;
        }
        System.exit(0);
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=jars >/dev/null
java -cp 'jars/*' Check.java | tee seen
diff - seen <<'SEEN'
0 s        a broker starts
1 s        the token service is away
72 s       the token service is back
about 78 s refused: Unknown signing key, no request for the keys
about 85 s accepted
SEEN
