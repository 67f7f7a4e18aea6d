package crm.pod;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

@Readiness
@ApplicationScoped
public class PodReadiness implements HealthCheck {

    private final Pod pod;

    PodReadiness(Pod pod) {
        this.pod = pod;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("started-and-warm").status(pod.readyAt() != null).build();
    }
}
