#!/usr/bin/env bash
# Kafka, OAUTHBEARER: two scopes are one scope. A client sends the space between them as it stands, which no form may have; and of a
# token with "scope": "a b" a broker makes one scope that is called "a b".
#
# Seen with kafka-clients 4.4.0, sasl.oauthbearer.scope=topics:read topics:write:
#   the body that is sent:     grant_type=client_credentials&scope=topics:read topics:write
#   "scope": "a b" is read as  [a b]
#   "scope": ["a", "b"] as     [a, b]
#
# RFC 6749 Appendix B wants + or %20 in the body, and RFC 8693 §4.2 and RFC 9068 §2.2.3 write the claim as a list with spaces. A good
# engineer would guess that a broker's own authorizer can look for "a" in OAuthBearerToken.scope(); it finds it only in tokens with
# one scope, or with an array, as some issuers make them. sasl.oauthbearer.header.urlencode=true, which is documented for the
# header, mends the body, too. A token endpoint for Kafka has to accept a space in a form.
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
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-clients</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.21.5</version></dependency>
    <dependency><groupId>org.bitbucket.b_c</groupId><artifactId>jose4j</artifactId><version>0.9.6</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.*;
import javax.security.auth.callback.Callback;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.config.*;
import org.apache.kafka.common.security.oauthbearer.*;
import org.jose4j.jwk.*;
import org.jose4j.jws.*;

public class Check {
    static final RsaJsonWebKey KEY = key();

    static RsaJsonWebKey key() {
        try {
            RsaJsonWebKey key = RsaJwkGenerator.generateJwk(2048);
            key.setKeyId("k");
            return key;
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    static String token(String scope) throws Exception {
        long now = System.currentTimeMillis() / 1000;
        JsonWebSignature jws = new JsonWebSignature();
        jws.setPayload("{\"iss\":\"i\",\"aud\":\"broker\",\"sub\":\"s\",\"iat\":" + now + ",\"exp\":" + (now + 600) + ",\"scope\":" + scope + "}");
        jws.setKey(KEY.getPrivateKey());
        jws.setKeyIdHeaderValue("k");
        jws.setAlgorithmHeaderValue(AlgorithmIdentifiers.RSA_USING_SHA256);
        return jws.getCompactSerialization();
    }

    /** What a broker makes of it. */
    static Set<String> scopeOf(String token, String jwks) throws Exception {
        ConfigDef definition = new ConfigDef();
        SaslConfigs.addClientSaslSupport(definition);
        var handler = new OAuthBearerValidatorCallbackHandler();
        var entry = new AppConfigurationEntry("m", AppConfigurationEntry.LoginModuleControlFlag.REQUIRED, Map.of());
        var broker = Map.of("sasl.oauthbearer.jwks.endpoint.url", jwks, "sasl.oauthbearer.expected.issuer", "i", "sasl.oauthbearer.expected.audience", "broker");
        handler.configure(new AbstractConfig(definition, broker).values(), "OAUTHBEARER", List.of(entry));
        var callback = new OAuthBearerValidatorCallback(token);
        handler.handle(new Callback[] {callback});
        handler.close();
        return callback.token().scope();
    }

    public static void main(String[] words) {
        try {
            System.exit(check() ? 0 : 1);
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    static boolean check() throws Exception {
        List<String> bodies = new ArrayList<>();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            String answer;
            try {
                bodies.add(new String(exchange.getRequestBody().readAllBytes()));
                answer = exchange.getRequestURI().getPath().equals("/keys")
                    ? new JsonWebKeySet(KEY).toJson()
                    : "{\"access_token\":\"" + token("\"a b\"") + "\",\"token_type\":\"Bearer\",\"expires_in\":600}";
            } catch (Exception error) {
                throw new IllegalStateException(error);
            }
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, answer.length());
            exchange.getResponseBody().write(answer.getBytes());
            exchange.close();
        });
        server.start();
        String url = "http://127.0.0.1:" + server.getAddress().getPort();
        System.setProperty("org.apache.kafka.sasl.oauthbearer.allowed.urls", url + "/token," + url + "/keys");

        Admin.create(Map.of(
            "bootstrap.servers", "127.0.0.1:1",
            "security.protocol", "SASL_PLAINTEXT",
            "sasl.mechanism", "OAUTHBEARER",
            "sasl.jaas.config", "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
            "sasl.login.callback.handler.class", "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
            "sasl.oauthbearer.token.endpoint.url", url + "/token",
            "sasl.oauthbearer.client.credentials.client.id", "client",
            "sasl.oauthbearer.client.credentials.client.secret", "secret",
            "sasl.oauthbearer.scope", "topics:read topics:write")).close(Duration.ofSeconds(5));
        String body = bodies.get(0);
        Set<String> text = scopeOf(token("\"a b\""), url + "/keys");
        Set<String> array = scopeOf(token("[\"a\",\"b\"]"), url + "/keys");
        System.out.println("the body that is sent:     " + body);
        System.out.println("\"scope\": \"a b\" is read as  " + text);
        System.out.println("\"scope\": [\"a\", \"b\"] as     " + new TreeSet<>(array));
        return body.endsWith("&scope=topics:read topics:write") && text.equals(Set.of("a b")) && array.equals(Set.of("a", "b"));
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=jars >/dev/null
java -cp 'jars/*' Check.java
