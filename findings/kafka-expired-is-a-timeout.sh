#!/usr/bin/env bash
# Kafka, OAUTHBEARER: a token that expired less than 30 s ago is accepted by the broker, and the connection ended at once. The client is
# never told that its token is expired: it connects again until its time is over, and shows a time-out.
#
# Seen with a broker and a client of Kafka 4.4.0:
#   expired 60 s ago:                            SaslAuthenticationException before the client's time is over
#   expired 5 s ago:                             TimeoutException when the client's time is over
#   expired 5 s ago, with a clock skew of 0 s:   SaslAuthenticationException before the client's time is over
#
# sasl.oauthbearer.clock.skew.seconds is 30 by default, and what the skew lets in has a session that ends when the token does, which is
# in the past. A good engineer would guess that a token is either refused or can be used, and looks for a fault in the network. Set the
# skew to 0 at the broker: it gains nothing for tokens that are expired.
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
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.jose4j.jwk.*;
import org.jose4j.jws.*;

public class Check {
    static final String BASE = "org.apache.kafka.common.security.oauthbearer.OAuthBearer";
    static final Path TOKEN = Path.of("token.jwt").toAbsolutePath();
    static RsaJsonWebKey key;

    static String token(long expired) throws Exception {
        long now = System.currentTimeMillis() / 1000;
        JsonWebSignature jws = new JsonWebSignature();
        jws.setPayload("{\"iss\":\"i\",\"aud\":\"broker\",\"sub\":\"s\",\"iat\":" + (now - 600) + ",\"exp\":" + (now - expired) + "}");
        jws.setKey(key.getPrivateKey());
        jws.setKeyIdHeaderValue("k");
        jws.setAlgorithmHeaderValue(AlgorithmIdentifiers.RSA_USING_SHA256);
        return jws.getCompactSerialization();
    }

    static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** A broker, and where its clients find it. */
    static String start(String jwks, String name, String more) throws Exception {
        int clients = freePort(), brokers = freePort(), controllers = freePort();
        Properties p = new Properties();
        p.load(new java.io.StringReader(String.join("\n",
            "process.roles=broker,controller", "node.id=1", "controller.quorum.voters=1@127.0.0.1:" + controllers,
            "listeners=C://127.0.0.1:" + clients + ",B://127.0.0.1:" + brokers + ",Q://127.0.0.1:" + controllers,
            "listener.security.protocol.map=C:SASL_PLAINTEXT,B:PLAINTEXT,Q:PLAINTEXT", "inter.broker.listener.name=B",
            "controller.listener.names=Q", "log.dirs=" + Path.of(name).toAbsolutePath(),
            "listener.name.c.sasl.enabled.mechanisms=OAUTHBEARER",
            "listener.name.c.oauthbearer.sasl.jaas.config=" + BASE + "LoginModule required;",
            "listener.name.c.oauthbearer.sasl.server.callback.handler.class=" + BASE + "ValidatorCallbackHandler",
            "sasl.oauthbearer.jwks.endpoint.url=" + jwks, "sasl.oauthbearer.expected.issuer=i",
            "sasl.oauthbearer.expected.audience=broker", more)));
        Path file = Path.of(name + ".properties");
        try (var out = Files.newOutputStream(file)) {
            p.store(out, null);
        }
        String[] format = {"format", "--cluster-id", Uuid.randomUuid().toString(), "--config", file.toString()};
        StorageTool.execute(format, new PrintStream(PrintStream.nullOutputStream()));
        new KafkaRaftServer(KafkaConfig.fromProps(p), Time.SYSTEM).startup();
        return "127.0.0.1:" + clients;
    }

    /** What a client with this token shows. */
    static String connect(String broker, String jwt) throws Exception {
        Files.writeString(TOKEN, jwt);
        long began = System.nanoTime();
        try (Admin admin = Admin.create(Map.of(
            "bootstrap.servers", broker, "security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", "OAUTHBEARER",
            "sasl.jaas.config", BASE + "LoginModule required;", "sasl.login.callback.handler.class", BASE + "LoginCallbackHandler",
            "sasl.oauthbearer.token.endpoint.url", "file://" + TOKEN,
            "default.api.timeout.ms", "9000", "request.timeout.ms", "3000"))) {
            admin.describeCluster().nodes().get();
            return "connected";
        } catch (ExecutionException error) {
            String name = error.getCause().getClass().getSimpleName();
            boolean soon = Duration.ofNanos(System.nanoTime() - began).toSeconds() < 8;
            return name + (soon ? " before" : " when") + " the client's time is over";
        }
    }

    static boolean seen(String name, String shown, String expected) {
        System.out.printf("%-45s%s%n", name, shown);
        return shown.equals(expected);
    }

    public static void main(String[] words) {
        boolean same = false;
        try {
            same = check();
        } catch (Throwable error) {
            error.printStackTrace();
        }
        Runtime.getRuntime().halt(same ? 0 : 1);
    }

    static boolean check() throws Exception {
        key = RsaJwkGenerator.generateJwk(2048);
        key.setKeyId("k");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            byte[] body = new JsonWebKeySet(key).toJson().getBytes();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        String jwks = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
        System.setProperty("org.apache.kafka.sasl.oauthbearer.allowed.urls", jwks + "," + "file://" + TOKEN);
        System.setProperty("org.apache.kafka.sasl.oauthbearer.allowed.files", TOKEN.toString());
        String broker = start(jwks, "default", ""), strict = start(jwks, "strict", "sasl.oauthbearer.clock.skew.seconds=0");
        String refused = "SaslAuthenticationException before the client's time is over";
        return seen("expired 60 s ago:", connect(broker, token(60)), refused)
            & seen("expired 5 s ago:", connect(broker, token(5)), "TimeoutException when the client's time is over")
            & seen("expired 5 s ago, with a clock skew of 0 s:", connect(strict, token(5)), refused);
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=jars >/dev/null
java -cp 'jars/*' Check.java
