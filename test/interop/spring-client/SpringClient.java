import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.security.core.SpringSecurityCoreVersion;
import org.springframework.security.oauth2.client.endpoint.OAuth2ClientCredentialsGrantRequest;
import org.springframework.security.oauth2.client.endpoint.RestClientClientCredentialsTokenResponseClient;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.ClientRegistrations;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.endpoint.OAuth2AccessTokenResponse;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoders;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What Spring Security does with an issuer-uri. The argument is the issuer. Each line of standard input is an object: {"discover": "provider"}, {"token": scope, "id": …, "secret": …},
 * or {"decode": a token, "audience": that of the resource, absent with the validators that a decoder has by itself}. Each is answered with a line.
 */
public class SpringClient {
    private static final JsonMapper JSON = new JsonMapper();

    /** As the SDK does that Spring and pac4j use. */
    private static Object discover(String issuer) throws Exception {
        OIDCProviderMetadata metadata = OIDCProviderMetadata.resolve(new Issuer(issuer));
        return Map.of("token_endpoint", metadata.getTokenEndpointURI().toString(), "jwks_uri", metadata.getJWKSetURI().toString());
    }

    private static Object token(String issuer, JsonNode line) {
        ClientRegistration registration = ClientRegistrations.fromIssuerLocation(issuer)
            .clientId(line.get("id").asString())
            .clientSecret(line.get("secret").asString())
            .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
            .scope(line.get("token").asString())
            .build();
        OAuth2AccessTokenResponse response = new RestClientClientCredentialsTokenResponseClient()
            .getTokenResponse(new OAuth2ClientCredentialsGrantRequest(registration));
        return Map.of("access_token", response.getAccessToken().getTokenValue(), "scopes", response.getAccessToken().getScopes());
    }

    private static Object decode(String issuer, JsonNode line) {
        NimbusJwtDecoder decoder = JwtDecoders.fromIssuerLocation(issuer);
        if (line.has("audience"))
            decoder.setJwtValidator(JwtValidators.createAtJwtValidator().issuer(issuer).audience(line.get("audience").asString()).build());
        Jwt jwt = decoder.decode(line.get("decode").asString());
        return Map.of("sub", jwt.getSubject(), "aud", jwt.getAudience(), "client_id", jwt.getClaimAsString("client_id"), "scope", jwt.getClaimAsString("scope"));
    }

    /** All that is shown of an error. */
    private static Object refusal(Throwable error) {
        List<String> messages = new ArrayList<>();
        for (Throwable cause = error; cause != null; cause = cause.getCause()) messages.add(String.valueOf(cause.getMessage()));
        return Map.of("error", String.join("\n", messages));
    }

    private static Object answer(String issuer, JsonNode line) {
        try {
            if (line.has("discover")) return discover(issuer);
            return line.has("token") ? token(issuer, line) : decode(issuer, line);
        } catch (Exception error) {
            return refusal(error);
        }
    }

    public static void main(String[] words) throws Exception {
        if (words[0].equals("--version")) {
            System.out.println("spring-security " + SpringSecurityCoreVersion.getVersion());
            return;
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine())
            System.out.println(JSON.writeValueAsString(answer(words[0], JSON.readTree(line))));
    }
}
