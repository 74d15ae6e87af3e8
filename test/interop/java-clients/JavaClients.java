import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.scribejava.core.builder.ServiceBuilder;
import com.github.scribejava.core.builder.api.DefaultApi20;
import com.github.scribejava.core.model.OAuth2AccessToken;
import com.github.scribejava.core.oauth.OAuth20Service;
import com.github.scribejava.core.revoke.TokenTypeHint;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hc.client5.http.ContextBuilder;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.entity.UrlEncodedFormEntity;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.NameValuePair;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.message.BasicNameValuePair;
import org.apache.hc.core5.util.VersionInfo;

/**
 * Signs a person in with the libraries of others, as their users call them. The arguments are the library and the settings of sign-ins.ts, as JSON. Each line of
 * standard input is one of the acts there, and is answered with {} or {"error"}.
 */
public class JavaClients {
    private static final ObjectMapper JSON = new ObjectMapper();

    private interface Library {
        void does(String act) throws Exception;
    }

    private static Library scribeJava(JsonNode settings) {
        ServiceBuilder builder = new ServiceBuilder(settings.get("id").asText());
        String secret = settings.get("secret").asText();
        // Without either it would not say who the client is.
        if (secret.isEmpty()) builder.apiSecretIsEmptyStringUnsafe();
        else builder.apiSecret(secret);
        OAuth20Service service = builder.build(new DefaultApi20() {
            @Override public String getAccessTokenEndpoint() { return settings.get("tokenUrl").asText(); }
            @Override public String getRevokeTokenEndpoint() { return settings.get("revokeUrl").asText(); }
            @Override protected String getAuthorizationBaseUrl() { return ""; }
        });
        return new Library() {
            private OAuth2AccessToken token;

            @Override public void does(String act) throws Exception {
                if (act.equals("signIn")) token = service.getAccessTokenPasswordGrant(settings.get("username").asText(), settings.get("password").asText());
                else if (act.equals("refresh")) token = service.refreshAccessToken(token.getRefreshToken());
                else service.revokeToken(token.getRefreshToken(), TokenTypeHint.REFRESH_TOKEN);
            }
        };
    }

    private static Library httpClient5(JsonNode settings) throws Exception {
        CloseableHttpClient client = HttpClients.createDefault();
        UsernamePasswordCredentials credentials = new UsernamePasswordCredentials(settings.get("id").asText(), settings.get("secret").asText().toCharArray());
        HttpHost host = HttpHost.create(settings.get("url").asText());
        return new Library() {
            private JsonNode tokens;

            /** With what the entity does when it is told no charset. */
            private JsonNode post(String url, String... parameters) throws Exception {
                List<NameValuePair> form = new ArrayList<>();
                for (int at = 0; at < parameters.length; at += 2) form.add(new BasicNameValuePair(parameters[at], parameters[at + 1]));
                HttpPost request = new HttpPost(settings.get(url).asText());
                request.setEntity(new UrlEncodedFormEntity(form));
                return client.execute(request, ContextBuilder.create().preemptiveBasicAuth(host, credentials).build(), response -> {
                    String text = EntityUtils.toString(response.getEntity());
                    if (response.getCode() != 200) throw new IllegalStateException(text);
                    return JSON.readTree(text);
                });
            }

            @Override public void does(String act) throws Exception {
                if (act.equals("signIn")) tokens = post("tokenUrl", "grant_type", "password", "username", settings.get("username").asText(), "password", settings.get("password").asText());
                else if (act.equals("refresh")) tokens = post("tokenUrl", "grant_type", "refresh_token", "refresh_token", tokens.get("refresh_token").asText());
                else post("revokeUrl", "token", tokens.get("refresh_token").asText());
            }
        };
    }

    public static void main(String[] words) throws Exception {
        if (words[0].equals("--version")) {
            System.out.println(VersionInfo.loadVersionInfo("org.apache.hc.client5", JavaClients.class.getClassLoader()));
            return;
        }
        JsonNode settings = JSON.readTree(words[1]);
        Library library = words[0].equals("scribejava") ? scribeJava(settings) : httpClient5(settings);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String act = lines.readLine(); act != null; act = lines.readLine()) {
            Object answer = Map.of();
            try {
                library.does(act);
            } catch (Exception error) {
                answer = Map.of("error", String.valueOf(error.getMessage()));
            }
            System.out.println(JSON.writeValueAsString(answer));
        }
    }
}
