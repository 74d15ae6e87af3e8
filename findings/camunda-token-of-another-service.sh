#!/usr/bin/env bash
# Camunda's Java client keeps its tokens in a file of the home folder, by the client's name alone. A client of the same name gets the token
# that is there, even if it asks another token service, for another audience or other scopes.
#
# Seen with camunda-client-java 8.9.0, one after the other, each in a process of its own:
#   orders, /test, scope read:                           token of /test for read
#   orders, /production, scope write:                    token of /test for read
#   orders, /production, scope write, after a 403:       token of /test for read
#   orders, /production, scope write, after a 401:       token of /production for write
#   orders, /test, scope read:                           token of /production for write
#   invoices, /test, scope read:                         token of /test for read
#   orders, /test, scope read, with a file of its own:   token of /test for read
#
# The file is ~/.camunda/credentials. A good engineer would guess that a token is kept for what it was requested with, or in memory only:
# who gives a client a new scope restarts its program, and gets the same 403 until the old token expires. Two programs of one account
# that use one name for two environments get each other's tokens, and overwrite them at each 401. Earlier releases used the
# audience instead of the name. Give each environment a name of its own, or a file of its own (credentialsCachePath).
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
    <dependency><groupId>io.camunda</groupId><artifactId>camunda-client-java</artifactId><version>8.9.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.17</version></dependency>
  </dependencies>
</project>
XML
cat >Check.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import io.camunda.client.CredentialsProvider;
import io.camunda.client.impl.oauth.OAuthCredentialsProviderBuilder;
import java.net.InetSocketAddress;
import java.util.*;

public class Check {
    record Status(int code) implements CredentialsProvider.StatusCode {
        public boolean isUnauthorized() {
            return code == 401;
        }
    }

    public static void main(String[] words) {
        try {
            check(words);
            System.exit(0);
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    static void check(String[] words) throws Exception {
        String name = words[0], path = words[1], scope = words[2], more = words.length > 3 ? words[3] : "";
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            String asked = new String(exchange.getRequestBody().readAllBytes()).replaceFirst("(.*&)?scope=([^&]*).*", "$2");
            byte[] body = ("{\"access_token\":\"token of " + exchange.getRequestURI().getPath() + " for " + asked
                + "\",\"token_type\":\"Bearer\",\"expires_in\":600}").getBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        OAuthCredentialsProviderBuilder builder = new OAuthCredentialsProviderBuilder()
            .authorizationServerUrl("http://127.0.0.1:" + server.getAddress().getPort() + path)
            .clientId(name).clientSecret("secret").audience("api").scope(scope);
        if (more.equals("with a file of its own")) builder.credentialsCachePath("own/credentials");
        CredentialsProvider provider = builder.build();
        // What the client does with the answer of a service.
        if (more.startsWith("after a ")) provider.shouldRetryRequest(new Status(Integer.parseInt(more.substring(8))));
        List<String> sent = new ArrayList<>();
        provider.applyCredentials((header, value) -> sent.add(value.replace("Bearer ", "")));
        System.out.printf("%-53s%s%n", String.join(", ", name, path, "scope " + scope) + (more.isEmpty() ? ":" : ", " + more + ":"), sent.get(0));
    }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=jars >/dev/null
mkdir home classes
javac -cp 'jars/*' -d classes Check.java
client() { env -i PATH="$PATH" java -Duser.home="$folder/home" -cp 'classes:jars/*' Check "$@"; }
{
  client orders /test read
  client orders /production write
  client orders /production write 'after a 403'
  client orders /production write 'after a 401'
  client orders /test read
  client invoices /test read
  client orders /test read 'with a file of its own'
} | tee seen
diff - seen <<'SEEN'
orders, /test, scope read:                           token of /test for read
orders, /production, scope write:                    token of /test for read
orders, /production, scope write, after a 403:       token of /test for read
orders, /production, scope write, after a 401:       token of /production for write
orders, /test, scope read:                           token of /production for write
invoices, /test, scope read:                         token of /test for read
orders, /test, scope read, with a file of its own:   token of /test for read
SEEN
