import java.io.File;
import org.apache.pdfbox.preflight.Format;
import org.apache.pdfbox.preflight.PreflightDocument;
import org.apache.pdfbox.preflight.ValidationResult;
import org.apache.pdfbox.preflight.exception.SyntaxValidationException;
import org.apache.pdfbox.preflight.parser.PreflightParser;

/** PDFBox's checker of PDF/A-1b. usage: Preflight FILE.pdf...   One line an error: file TAB code TAB details; "ok" where there is none. */
public class Preflight {
    public static void main(String[] args) throws Exception {
        for (String name : args) {
            ValidationResult result;
            try {
                PreflightParser parser = new PreflightParser(new File(name));
                parser.parse(Format.PDF_A1B);
                try (PreflightDocument document = parser.getPreflightDocument()) {
                    document.validate();
                    result = document.getResult();
                }
            } catch (SyntaxValidationException e) {
                result = e.getResult();
            }
            for (ValidationResult.ValidationError error : result.getErrorsList()) {
                System.out.println(name + "\t" + error.getErrorCode() + "\t" + error.getDetails().replaceAll("\\s+", " "));
            }
            if (result.isValid()) {
                System.out.println(name + "\tok\t");
            }
        }
    }
}
