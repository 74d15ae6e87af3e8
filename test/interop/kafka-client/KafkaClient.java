import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import javax.security.auth.callback.Callback;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler;

/**
 * What Kafka's clients and brokers do with OAuth 2. The argument is a list of the URLs that they may ask. Each line of standard input is an object: {"login": properties of a client}, or
 * {"validate": a token, "with": properties of a broker}. Each is answered with a line.
 */
public class KafkaClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A client signs in when it is made, before it knows of any broker. */
    private static Object login(Map<String, Object> properties) {
        Admin.create(properties).close(Duration.ofSeconds(5));
        return Map.of("done", true);
    }

    /** As a broker asks the class that its configuration names. */
    private static Object validate(String token, Map<String, Object> properties) throws Exception {
        ConfigDef definition = new ConfigDef();
        SaslConfigs.addClientSaslSupport(definition);
        OAuthBearerValidatorCallbackHandler handler = new OAuthBearerValidatorCallbackHandler();
        AppConfigurationEntry entry = new AppConfigurationEntry(
            "OAuthBearerLoginModule", AppConfigurationEntry.LoginModuleControlFlag.REQUIRED, Map.of());
        handler.configure(new AbstractConfig(definition, properties).values(), "OAUTHBEARER", List.of(entry));
        OAuthBearerValidatorCallback callback = new OAuthBearerValidatorCallback(token);
        handler.handle(new Callback[] {callback});
        handler.close();
        OAuthBearerToken valid = callback.token();
        if (valid == null) return Map.of("refused", callback.errorStatus());
        return Map.of("principal", valid.principalName(), "scope", valid.scope(), "lifetime", valid.lifetimeMs());
    }

    /** All that is shown of an error. */
    private static Object refusal(Throwable error) {
        List<String> messages = new ArrayList<>();
        for (Throwable cause = error; cause != null; cause = cause.getCause()) messages.add(String.valueOf(cause.getMessage()));
        return Map.of("error", String.join("\n", messages));
    }

    @SuppressWarnings("unchecked")
    private static Object answer(JsonNode line) {
        try {
            if (line.has("login")) return login(JSON.convertValue(line.get("login"), Map.class));
            return validate(line.get("validate").asText(), JSON.convertValue(line.get("with"), Map.class));
        } catch (Exception error) {
            return refusal(error);
        }
    }

    public static void main(String[] words) throws Exception {
        if (words[0].equals("--version")) {
            Properties kafka = new Properties();
            kafka.load(Admin.class.getResourceAsStream("/kafka/kafka-version.properties"));
            System.out.println("kafka-clients " + kafka.getProperty("version"));
            return;
        }
        System.setProperty("org.apache.kafka.sasl.oauthbearer.allowed.urls", words[0]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine())
            System.out.println(JSON.writeValueAsString(answer(JSON.readTree(line))));
    }
}
