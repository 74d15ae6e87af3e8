import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Time;

/**
 * A Kafka that is broker and controller in one: {@code broker FILE}, which says that it has started and ends with its standard input. And
 * its clients: {@code clients}. Each line of standard input is an object, and is answered with a line:
 * {"open": name, "with": properties} makes a client, {"on": name, "do": "ask"} has it ask what the cluster is,
 * "create" a topic, "allow" a principal to write to a topic, "write" to a topic; {"close": name}.
 */
public class KafkaBroker {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Map<String, Object>> PROPERTIES = new HashMap<>();
    private static final Map<String, Admin> ADMINS = new HashMap<>();
    private static final Map<String, KafkaProducer<String, String>> PRODUCERS = new HashMap<>();

    private static void broker(String file) throws Exception {
        Properties properties = new Properties();
        try (FileInputStream text = new FileInputStream(file)) {
            properties.load(text);
        }
        StorageTool.execute(new String[] {"format", "--cluster-id", Uuid.randomUuid().toString(), "--config", file}, System.err);
        try {
            new KafkaRaftServer(KafkaConfig.fromProps(properties), Time.SYSTEM).startup();
            System.out.println(JSON.writeValueAsString(Map.of("done", true)));
            while (System.in.read() != -1) {
                // Nothing is said to a broker.
            }
        } catch (Throwable error) {
            System.out.println(JSON.writeValueAsString(refusal(error)));
        }
        // Threads of its own would go on.
        Runtime.getRuntime().halt(0);
    }

    private static <T> T got(KafkaFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static KafkaProducer<String, String> producer(String name) {
        return PRODUCERS.computeIfAbsent(
            name, key -> new KafkaProducer<>(PROPERTIES.get(key), new StringSerializer(), new StringSerializer()));
    }

    private static AclBinding mayWrite(String topic, String principal) {
        return new AclBinding(
            new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
            new AccessControlEntry(principal, "*", AclOperation.WRITE, AclPermissionType.ALLOW));
    }

    private static void act(String name, String what, JsonNode line) throws Exception {
        Admin admin = ADMINS.get(name);
        String topic = line.path("topic").asText();
        if (what.equals("ask")) got(admin.describeCluster().nodes());
        if (what.equals("create")) got(admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all());
        if (what.equals("allow")) got(admin.createAcls(List.of(mayWrite(topic, line.get("principal").asText()))).all());
        if (what.equals("write")) producer(name).send(new ProducerRecord<>(topic, "hello")).get(60, TimeUnit.SECONDS);
    }

    private static void close(String name) {
        ADMINS.remove(name).close(Duration.ZERO);
        KafkaProducer<String, String> producer = PRODUCERS.remove(name);
        if (producer != null) producer.close(Duration.ZERO);
    }

    @SuppressWarnings("unchecked")
    private static void obey(JsonNode line) throws Exception {
        if (line.has("open")) {
            String name = line.get("open").asText();
            PROPERTIES.put(name, JSON.convertValue(line.get("with"), Map.class));
            ADMINS.put(name, Admin.create(PROPERTIES.get(name)));
            act(name, "ask", line);
        } else if (line.has("close")) close(line.get("close").asText());
        else act(line.get("on").asText(), line.get("do").asText(), line);
    }

    private static Object answer(JsonNode line) {
        try {
            obey(line);
            return Map.of("done", true);
        } catch (Exception error) {
            return refusal(error);
        }
    }

    /** All that is shown of an error. */
    private static Object refusal(Throwable error) {
        List<String> messages = new ArrayList<>();
        for (Throwable cause = error; cause != null; cause = cause.getCause())
            messages.add(cause.getClass().getSimpleName() + ": " + cause.getMessage());
        return Map.of("refused", String.join("\n", messages));
    }

    public static void main(String[] words) throws Exception {
        if (words[0].equals("--version")) {
            Properties kafka = new Properties();
            kafka.load(Admin.class.getResourceAsStream("/kafka/kafka-version.properties"));
            System.out.println("kafka " + kafka.getProperty("version"));
        } else if (words[0].equals("broker")) broker(words[1]);
        else {
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
            for (String line = lines.readLine(); line != null; line = lines.readLine())
                System.out.println(JSON.writeValueAsString(answer(JSON.readTree(line))));
            Runtime.getRuntime().halt(0);
        }
    }
}
