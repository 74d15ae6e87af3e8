#!/usr/bin/env bash
# Strimzi's OAuth library for Kafka: oauth.groups.claim.delimiter is read, checked and then not used. It is always a comma, so the groups
# of a `scope` are one group. By default the broker also refuses every access token of RFC 9068, because it looks for `typ` in the claims.
#
# Seen with io.strimzi:kafka-oauth-server 0.17.1, oauth.groups.claim=$.scope, and tokens of type at+jwt:
#   by default:                              Token type not set ('token_type' or 'typ' claim not present)
#   "a b", delimiter ' ', keys:              groups [a b], scope() [a, b]
#   "a b", delimiter ' ', introspection:     groups [a b], scope() [a, b]
#   "a;b", delimiter ';', keys:              groups [a;b], scope() [a;b]
#   "a,b", delimiter ';', keys:              groups [a, b], scope() [a,b]
#   ["a","b"], no delimiter, keys:           groups [a, b], scope() []
#
# The README describes the option, and an empty value is refused when the broker starts, so a good engineer would guess that any other is
# in force. An authorizer that looks for the group `a` works with tokens of one permission and refuses those of two. `typ` of an access
# token is in the header (RFC 9068 §2.1); the library means a claim that Keycloak makes, which has to be `Bearer`.
#
# Set oauth.check.access.token.type=false and check the audience: oauth.check.audience=true and oauth.client.id. In an authorizer use
# getJwt().scope() of the OAuthKafkaPrincipal, which is split at spaces, or for groups a claim that is an array.
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
import io.strimzi.kafka.oauth.common.BearerTokenWithPayload;
import io.strimzi.kafka.oauth.server.JaasServerOauthValidatorCallbackHandler;
import java.net.InetSocketAddress;
import java.util.*;
import javax.security.auth.callback.Callback;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;

public class Check {
    static RSAKey key;
    static String base, claims;

    static String token() throws Exception {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("k").type(new JOSEObjectType("at+jwt")).build();
        JWSObject jws = new JWSObject(header, new Payload("{" + claims + "}"));
        jws.sign(new RSASSASigner(key));
        return jws.serialize();
    }

    /** What a broker with these options makes of a token with this scope. */
    static String says(String scope, Map<String, String> options) throws Exception {
        claims = "\"iss\":\"" + base + "\",\"sub\":\"s\",\"exp\":" + (System.currentTimeMillis() / 1000 + 600) + ",\"scope\":" + scope;
        Map<String, String> all = new HashMap<>(options);
        all.put("oauth.valid.issuer.uri", base);
        all.put("oauth.groups.claim", "$.scope");
        if (!all.containsKey("oauth.introspection.endpoint.uri")) all.put("oauth.jwks.endpoint.uri", base + "/jwks");
        var handler = new JaasServerOauthValidatorCallbackHandler();
        var entry = new AppConfigurationEntry("m", AppConfigurationEntry.LoginModuleControlFlag.REQUIRED, all);
        handler.configure(Map.of(), "OAUTHBEARER", List.of(entry));
        var callback = new OAuthBearerValidatorCallback(token());
        try {
            handler.handle(new Callback[] {callback});
        } catch (Exception error) {
            return error.getCause().getMessage().replace("Token validation failed: ", "");
        }
        var read = (BearerTokenWithPayload) callback.token();
        return "groups " + new TreeSet<>(read.getGroups()) + ", scope() " + new TreeSet<>(read.scope());
    }

    static void line(String name, String scope, String... options) throws Exception {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i < options.length; i += 2) all.put(options[i], options[i + 1]);
        System.out.printf("%-41s%s%n", name, says(scope, all));
    }

    public static void main(String[] arguments) throws Exception {
        key = new RSAKeyGenerator(2048).keyID("k").keyUse(KeyUse.SIGNATURE).generate();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            boolean keys = exchange.getRequestURI().getPath().equals("/jwks");
            byte[] body = (keys ? new JWKSet(key.toPublicJWK()).toString() : "{\"active\":true," + claims + "}").getBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        base = "http://127.0.0.1:" + server.getAddress().getPort();
        String any = "oauth.check.access.token.type", delimiter = "oauth.groups.claim.delimiter";
        line("by default:", "\"a b\"");
        line("\"a b\", delimiter ' ', keys:", "\"a b\"", any, "false", delimiter, " ");
        line("\"a b\", delimiter ' ', introspection:", "\"a b\"", any, "false", delimiter, " ",
            "oauth.introspection.endpoint.uri", base + "/introspect", "oauth.client.id", "kafka", "oauth.client.secret", "secret");
        line("\"a;b\", delimiter ';', keys:", "\"a;b\"", any, "false", delimiter, ";");
        line("\"a,b\", delimiter ';', keys:", "\"a,b\"", any, "false", delimiter, ";");
        line("[\"a\",\"b\"], no delimiter, keys:", "[\"a\",\"b\"]", any, "false");
        System.exit(0);
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=jars >/dev/null
java -cp 'jars/*' Check.java | tee seen
diff - seen <<'SEEN'
by default:                              Token type not set ('token_type' or 'typ' claim not present)
"a b", delimiter ' ', keys:              groups [a b], scope() [a, b]
"a b", delimiter ' ', introspection:     groups [a b], scope() [a, b]
"a;b", delimiter ';', keys:              groups [a;b], scope() [a;b]
"a,b", delimiter ';', keys:              groups [a, b], scope() [a,b]
["a","b"], no delimiter, keys:           groups [a, b], scope() []
SEEN
