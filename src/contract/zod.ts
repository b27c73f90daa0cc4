/** zod, with `.openapi()` for what the OpenAPI document says beside a schema. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';

extendZodWithOpenApi(z);

export { z };
