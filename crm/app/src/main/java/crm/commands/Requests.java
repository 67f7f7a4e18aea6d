package crm.commands;

import com.fasterxml.jackson.annotation.JsonIgnore;
import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Email;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.util.List;
import java.util.stream.Stream;

/** The bodies that the commands take. */
public interface Requests {

    record PlaceOrder(@NotNull Long customerId, @NotEmpty @Size(max = 50) List<@Valid @NotNull Line> items) {
        public record Line(@NotBlank @Size(max = 40) String sku, @Min(1) @Max(10_000) int quantity) {}
    }

    record RequestSample(@NotNull Long customerId, @NotBlank @Size(max = 40) String sku) {}

    /** What is null stays as it is. */
    record ChangeCustomer(
            @Size(min = 2, max = 120) String name,
            @Size(min = 2, max = 120) String street,
            @Pattern(regexp = "\\d{4,5}") String postcode,
            @Size(min = 2, max = 80) String city,
            @Email @Size(max = 200) String email,
            @Size(min = 4, max = 40) String phone) {

        @JsonIgnore
        @AssertTrue(message = "must change at least one field")
        public boolean isChange() {
            return Stream.of(name, street, postcode, city, email, phone).anyMatch(field -> field != null);
        }
    }
}
