/** zod with `.openapi()`, which adds descriptions for the OpenAPI document to a schema. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';

extendZodWithOpenApi(z);

export { z };
