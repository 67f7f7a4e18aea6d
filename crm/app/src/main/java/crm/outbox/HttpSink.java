package crm.outbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.microprofile.faulttolerance.CircuitBreaker;
import org.eclipse.microprofile.faulttolerance.Retry;
import org.eclipse.microprofile.faulttolerance.Timeout;

/** Posts a batch of events to another system. At least once: the receiver dedupes by {@code event_id}. */
@ApplicationScoped
public class HttpSink {

    /** The other system did not take the batch. */
    public static final class NotTaken extends Exception {
        NotTaken(String message) {
            super(message);
        }
    }

    private final HttpClient client;
    private final ObjectMapper json;

    HttpSink(Vertx vertx, ObjectMapper json) {
        this.client = vertx.createHttpClient();
        this.json = json;
    }

    @CircuitBreaker(requestVolumeThreshold = 8, failureRatio = 0.5, delay = 5, delayUnit = ChronoUnit.SECONDS)
    @Retry(maxRetries = 2, delay = 200, jitter = 100)
    @Timeout(value = 2, unit = ChronoUnit.SECONDS)
    public void deliver(String url, List<OutboxEvent> events)
            throws NotTaken, JsonProcessingException, InterruptedException {
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setAbsoluteURI(url)
                .putHeader("Content-Type", "application/json");
        Buffer body = Buffer.buffer(json.writeValueAsBytes(events));
        try {
            int status = client.request(options)
                    .compose(request -> request.send(body))
                    .compose(response -> response.body().map(read -> response.statusCode()))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(2, TimeUnit.SECONDS);
            if (status / 100 != 2) {
                throw new NotTaken("The sink answered " + status + ".");
            }
        } catch (ExecutionException | TimeoutException failure) {
            throw new NotTaken("The sink did not answer: " + failure + ".");
        }
    }
}
